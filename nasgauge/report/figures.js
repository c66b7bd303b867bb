// Every figure can be saved as one SVG file, its panels arranged as on the page.
for (const figure of document.querySelectorAll("figure")) {
  const drawings = [...figure.querySelectorAll("svg")];
  const caption = figure.querySelector("figcaption");
  if (!drawings.length || !caption) continue;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "download";
  button.textContent = "Download the figure (SVG)";
  button.addEventListener("click", () => {
    const sheet = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const origin = figure.getBoundingClientRect();
    let [width, height] = [0, 0];
    for (const drawing of drawings) {
      const box = drawing.getBoundingClientRect();
      const [x, y] = [box.left - origin.left, box.top - origin.top];
      const copy = drawing.cloneNode(true);
      for (const [key, value] of Object.entries({ x, y, width: box.width, height: box.height })) copy.setAttribute(key, value);
      copy.removeAttribute("style");
      const heading = drawing.parentElement.querySelector("h4");
      if (heading) {
        const text = document.createElementNS("http://www.w3.org/2000/svg", "text");
        for (const [key, value] of Object.entries({ x: x + box.width / 2, y: y - 6, "text-anchor": "middle", "font-size": 13,
          "font-family": "sans-serif" })) text.setAttribute(key, value);
        text.textContent = heading.textContent;
        sheet.append(text);
      }
      sheet.append(copy);
      [width, height] = [Math.max(width, x + box.width), Math.max(height, y + box.height)];
    }
    sheet.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(sheet)], { type: "image/svg+xml" }));
    link.download = `${figure.dataset.name}.svg`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  const gap = document.createElement("span");
  gap.className = "download";
  gap.textContent = " · ";
  caption.append(gap, button);
}
