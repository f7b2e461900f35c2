/** Markup as tagged templates; what stands in `${}` is set as text or property, never as HTML. */

import htm from "htm";
import { h } from "preact";

export const html = htm.bind(h);
