// Rulers of what an officer without good eyes or without a mouse needs; laid into the page by its test.
window.rulers = {
  // Everything that can be operated and is seen, without a name that a screen reader would say.
  nameless: () => {
  const seen = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const name = (node) => (node.getAttribute("aria-label")
    || [...(node.labels ?? [])].map((label) => label.innerText).join(" ")
    || (node.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.innerText ?? "").join("")
    || node.innerText || node.title || "").trim();
  return [...document.querySelectorAll("button, a[href], input, select, textarea, summary, [role=button], iframe:not([aria-hidden])")]
    .filter((node) => seen(node) && name(node) === "")
    .map((node) => node.outerHTML.slice(0, 120));
},

  // WCAG 2.2, 1.4.3: 4.5 to 1, and 3 to 1 from 24 px (or 18.66 px bold) on. What cannot be operated now is exempt.
  pale: () => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((value, at) => (value * a + under[at] * (255 - a)) / 255);
  const behind = (node) => {
    const layers = [];
    for (let at = node; at; at = at.parentElement) {
      const layer = rgba(getComputedStyle(at).backgroundColor);
      layers.push(layer);
      if (layer[3] === 255) break;
    }
    return layers.reverse().reduce((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim();
    const node = walker.currentNode.parentElement;
    if (!text || !node.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    if (node.closest("script, style, .unseen, :disabled, [aria-disabled=true]")) continue;
    const style = getComputedStyle(node);
    const back = behind(node);
    const [one, two] = [light(over(rgba(style.color), back)), light(back)].sort((a, b) => b - a);
    const ratio = (one + 0.05) / (two + 0.05);
    const px = parseFloat(style.fontSize);
    const large = px >= 24 || (px >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) found.push(`${ratio.toFixed(2)} ${px}px ${node.tagName}.${node.className}: ${text.slice(0, 40)}`);
  }
  return [...new Set(found)];
},

  // What a key press moved to, and whether one sees where that is.
  focus: () => {
  const node = document.activeElement;
  const style = getComputedStyle(node);
  const ringed = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return { at: `${node.tagName}#${node.id}.${node.className}: ${node.innerText?.slice(0, 20)}`, body: node === document.body, ringed };
},
};
