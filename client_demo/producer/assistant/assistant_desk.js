/**
 * The console's part of the assistant: whether a model may suggest in this room, what it was asked
 * and what it said, and what people did with it, which the server counts.
 *
 * Nothing that a model says goes out by itself: what is used fills a form, or is copied.
 */

import { call } from "../../sdk/grandstand.js";
import { reasonOf } from "../problems.js";
import { words } from "../words.js";

/** @import {Problem} from "../../sdk/grandstand.js" */
/** @import {Answer, Desk} from "../desk.js" */
/** @import {FeatureName, Outcome, Suggested, Suggestion} from "./suggestions.js" */
/**
 * @typedef {object} FeatureFigures
 * @property {FeatureName | "sentences"} feature
 * @property {boolean} on
 * @property {string} [why]
 * @property {number} [asked]
 * @property {Record<string, number>} [failed] by why
 * @property {number} [sent]
 * @property {number} [changed]
 * @property {number} [dismissed]
 *
 * @typedef {object} AssistantState
 * @property {boolean} on
 * @property {string} [why]
 * @property {string} [model]
 * @property {number} [since] ms since the epoch
 * @property {FeatureFigures[]} features
 * @property {number} characters in this show
 * @property {number} limit of them; 0: none
 * @property {number} cost
 *
 * @typedef {{isAsking: boolean, fault: string, suggested?: Suggested}} Asked
 * @typedef {{id: string, by: string, suggestion: Suggestion}} Used a suggestion that stands in a form
 */

const say = words.assistant;
const FETCH_MS = 20_000; // figures are for people; the room's switches come by frames at once
const NO_ENDPOINT = "no endpoint";

/** @type {Asked} */
const NOT_ASKED = { isAsking: false, fault: "" };

export class AssistantDesk {
  /** @type {Map<string, Asked>} */ #asked = new Map();
  /** @type {Set<string>} ids of those that stand in a form */ #used = new Set();
  /** @type {Set<string>} ids of those whose outcome was told; the first one counts */ #told = new Set();
  #fetchAt = 0;
  /** @type {AssistantState | undefined} */ state;
  /** Whether what the audience says is asked for each minute. */ isEveryMinute = false;

  /** @param {Desk} desk */
  constructor(desk) {
    this.desk = desk;
    desk.keepFetching(() => {
      if (performance.now() >= this.#fetchAt) void this.fetch();
    });
  }

  /** Ask how the assistant is in this room. */
  async fetch() {
    if (this.desk.state?.viewer.role === "viewer") return; // the console shows them nothing
    this.#fetchAt = performance.now() + FETCH_MS;
    const answer = await this.desk.call("GET", "/assistant");
    if (!answer.ok) return; // it is asked again
    this.state = answer.body;
    this.desk.notify();
  }

  /** Whether there is a model at all. */
  get hasEndpoint() {
    return this.state !== undefined && this.state.why !== NO_ENDPOINT;
  }

  /** @param {FeatureName | "sentences"} feature */
  isSwitchedOn(feature) {
    return this.desk.settings.assistant?.[feature] ?? false;
  }

  /** Whether something can be asked for now. @param {FeatureName} feature */
  isOn(feature) {
    return this.state?.on === true && this.isSwitchedOn(feature);
  }

  /** @param {FeatureName} feature @param {string} [about] the id of a highlight or comment @returns {Asked} */
  asked(feature, about = "") {
    return this.#asked.get(keyOf(feature, about)) ?? NOT_ASKED;
  }

  /**
   * Ask the model. What it suggested before stays until it has answered.
   * @param {FeatureName} feature
   * @param {object} [body]
   * @param {string} [about] the id of a highlight or comment
   */
  async ask(feature, body = {}, about = "") {
    const before = this.asked(feature, about);
    if (before.isAsking) return;
    const key = keyOf(feature, about);
    this.#set(key, { ...before, isAsking: true, fault: "" });
    const answer = await this.desk.call("POST", `/assistant/${feature}`, body);
    if (answer.ok) {
      // Who asks for other questions takes none of these. A summary or an explanation was read.
      if (feature === "poll-questions") this.#dismiss(before);
      this.#set(key, { isAsking: false, fault: "", suggested: answer.body });
      this.desk.announce(say.arrived(say.features[feature] ?? feature));
    } else {
      this.#set(key, { ...before, isAsking: false, fault: faultOf(answer) });
    }
    await this.fetch();
  }

  /** Take away what was suggested. @param {FeatureName} feature @param {string} [about] */
  dismiss(feature, about = "") {
    this.#dismiss(this.asked(feature, about));
    this.#asked.delete(keyOf(feature, about));
    this.desk.notify();
  }

  /** A suggestion goes into a form; what becomes of it is told later. @param {Suggested} suggested @param {Suggestion} suggestion @returns {Used} */
  use({ id, by }, suggestion) {
    this.#used.add(id);
    return { id, by, suggestion };
  }

  /** Tell the server what a person did with suggestions; of those that came together the first thing counts. @param {string} id @param {Outcome} outcome */
  async tell(id, outcome) {
    if (this.#told.has(id)) return;
    this.#told.add(id);
    const path = `/assistant/${encodeURIComponent(id)}/outcome`;
    await this.desk.attempt(say.outcomes[outcome], () => this.desk.call("POST", path, { outcome }));
    await this.fetch();
  }

  // --- the switches --------------------------------------------------------------------------------

  /** @param {FeatureName | "sentences"} feature @param {boolean} isOn @returns {Promise<Answer>} */
  async switchFeature(feature, isOn) {
    const answer = await this.desk.patch(say.features[feature] ?? feature, { assistant: { [feature]: isOn } });
    await this.fetch();
    return answer;
  }

  /** Switch the model off in all rooms, or on again. @param {boolean} off @returns {Promise<Answer>} */
  async switchAll(off) {
    const act = () => call("PUT", "/v1/assistant", { token: this.desk.token, body: { off } });
    const answer = await this.desk.attempt(off ? say.switchOff : say.switchOn, act);
    if (answer.ok) this.desk.announce(off ? say.switchedOff : say.switchedOn);
    await this.fetch();
    return answer;
  }

  /** Ask whether this token may switch the model off in all rooms. @returns {Promise<boolean>} */
  async maySwitchAll() {
    return (await call("GET", "/v1/assistant", { token: this.desk.token })).ok;
  }

  /** @param {Asked} asked */
  #dismiss({ suggested }) {
    if (suggested && !this.#used.has(suggested.id)) void this.tell(suggested.id, "dismissed");
  }

  /** @param {string} key @param {Asked} asked */
  #set(key, asked) {
    this.#asked.set(key, asked);
    this.desk.notify();
  }
}

/** @param {FeatureName} feature @param {string} about */
function keyOf(feature, about) {
  return `${feature}:${about}`;
}

/** @param {Problem} problem */
function faultOf(problem) {
  const wait = problem.retryAfterMs === undefined ? "" : ` ${say.wait(Math.ceil(problem.retryAfterMs / 1000))}`;
  return `${reasonOf(problem)}.${wait}`;
}
