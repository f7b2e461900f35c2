/* For browsers without JavaScript modules: says so, in their own old language. */
(function () {
  function tell() {
    var chinese = (navigator.language || "").toLowerCase().indexOf("zh") === 0;
    var line = document.createElement("p");
    line.className = "no-script";
    line.setAttribute("role", "alert");
    line.appendChild(
      document.createTextNode(
        chinese
          ? "这个浏览器太旧，无法显示本页面。请更新浏览器，或换一个。"
          : "This browser is too old for this page. Please update it, or use another one.",
      ),
    );
    document.body.insertBefore(line, document.body.firstChild);
  }
  if (document.body) tell();
  else document.addEventListener("DOMContentLoaded", tell);
})();
