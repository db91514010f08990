// Shapes that say a state without colour. Each is drawn in the colour of the text around it.

import { html, svg } from "../vendor/lit-html/lit-html.js";

const draw = (inner) => html`<svg class="shape" viewBox="0 0 64 64" aria-hidden="true" focusable="false">${inner}</svg>`;

export const SHAPES = {
  UP: draw(svg`<circle cx="32" cy="32" r="27" />`),
  UNSURE: draw(svg`<path d="M32 4 62 60H2Z" /><path class="hole" d="M32 24v18m0 6v6" />`),
  DOWN: draw(svg`<rect x="4" y="4" width="56" height="56" /><path class="hole" d="m18 18 28 28m0-28L18 46" />`),
  UNKNOWN: draw(svg`<path class="line" d="M32 5 59 32 32 59 5 32Z" /><path class="line" d="M25 26c0-9 14-9 14 0 0 6-7 6-7 12m0 5v4" />`),
  UNCONFIRMED: draw(svg`<path class="line" d="M8 32h48" stroke-dasharray="9 9" />`),
  IN_FORCE: draw(svg`<path class="line" d="M8 24h48M8 40h48" />`),
  SUSPENDED: draw(svg`<path class="line" d="M22 10v44M42 10v44" />`),
  DARK: draw(svg`<path d="M42 6a28 28 0 1 0 16 44A24 24 0 0 1 42 6Z" />`),
  ENDED: draw(svg`<path class="line" d="M8 32h48" /><path class="line" d="m20 20 24 24" />`),
  COLD: draw(svg`<circle class="line" cx="32" cy="32" r="24" />`),
  ARMED: draw(svg`<circle class="line" cx="32" cy="32" r="24" /><path d="M32 14a18 18 0 0 1 0 36Z" />`),
  LIVE: draw(svg`<circle cx="32" cy="32" r="28" /><circle class="hole-fill" cx="32" cy="32" r="11" />`),
  PRIVATE: draw(svg`<rect class="line" x="10" y="26" width="44" height="30" /><path class="line" d="M20 26v-6a12 12 0 0 1 24 0v6" />`),
  done: draw(svg`<path class="line" d="m10 34 16 16 28-36" />`),
  waiting: draw(svg`<circle class="line" cx="32" cy="32" r="20" stroke-dasharray="9 9" />`),
  not_reported: draw(svg`<path class="line" d="M12 32h40" />`),
  yes: draw(svg`<path class="line" d="m10 34 16 16 28-36" />`),
  no: draw(svg`<circle class="line" cx="32" cy="32" r="16" />`),
  up: draw(svg`<circle cx="32" cy="32" r="24" />`),
  stream: draw(svg`<circle class="line" cx="32" cy="32" r="22" /><path d="M32 10a22 22 0 0 1 0 44Z" />`),
  dead: draw(svg`<path class="line" d="m12 12 40 40m0-40L12 52" />`),
  alarm: draw(svg`<path d="M32 4 62 60H2Z" /><path class="hole" d="M32 24v18m0 6v6" />`),
  event: draw(svg`<circle cx="32" cy="32" r="10" />`),
  call: draw(svg`<path class="line" d="M14 26v12h10l16 12V14L24 26Z" /><path class="line" d="M48 22c6 6 6 14 0 20" />`),
};
