/** The button by which one entity is followed, and left again. */

import { button, nameControl, setText } from "../../page.js";
import { words } from "../words.js";

/** @import {Followed, Follows} from "./follows.js" */

export class FollowToggle {
  #one;
  #follows;

  /** @param {Followed} one @param {Follows} follows @param {() => void} onPress */
  constructor(one, follows, onPress) {
    this.#one = one;
    this.#follows = follows;
    this.root = button("", "follow-toggle", onPress, "follow-toggle");
    this.show();
  }

  show() {
    const isFollowed = this.#follows.has(this.#one.entity);
    const { name } = this.#one;
    this.root.dataset["on"] = String(isFollowed);
    setText(this.root, isFollowed ? words.following : words.follow);
    nameControl(this.root, isFollowed ? words.leaveName(name) : words.followName(name));
  }
}
