// Laid into the media page by a test: what in fact goes to the loudspeaker, whatever path it came by.
(() => {
  const connect = AudioNode.prototype.connect;
  const taps = new Map();
  const heard = { peak: 0 };
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode) {
      if (!taps.has(target.context)) taps.set(target.context, new AnalyserNode(target.context, { fftSize: 32_768 }));
      connect.call(this, taps.get(target.context));
    }
    return connect.call(this, target, ...rest);
  };
  const samples = new Float32Array(32_768);
  setInterval(() => {
    for (const tap of taps.values()) {
      tap.getFloatTimeDomainData(samples);
      for (const value of samples) heard.peak = Math.max(heard.peak, Math.abs(value));
    }
  }, 100);
  window.loudspeaker = heard;
})();
