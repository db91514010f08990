// Whose speech it is: the digits of each connection, and a far desk that shows another certificate.

import { state } from "./state.js";

const keep = (pair_slot, digits) => { state.digits = { ...state.digits, [pair_slot]: digits }; };

/** Frames of the post: answers and resets pass on to the audio page, their digits stay here. */
export const answerFrames = (audio) => ({
  answer({ sdp, generation, pair_slot, digits }) {
    keep(pair_slot, digits);
    audio().post({ t: "answer", sdp, generation, pair_slot });
  },
  reset({ pair_slot }) {
    keep(pair_slot, "");
    audio().post({ t: "reset", pair_slot });
  },
});

/** Frames of the audio page: the handshake with a far desk failed by its certificate. */
export const certificateFrames = (socket, refuse, redraw) => ({
  certificate({ pair_slot }) {
    socket().send({ t: "certificate", pair_slot });
    refuse("voice.certificate");
    redraw();
  },
});
