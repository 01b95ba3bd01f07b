// The page picture with boxes over it. Pictures and words are fetched when they are looked at.
//
// It talks with its neighbours on the page through events of the window:
//   docai:ready                  another document is shown: whoever has a selection tells it again
//   docai:select {id, from}      something was selected, here or in the list of fields
//   docai:pick {on}              words may be clicked now; each click is answered with
//   docai:picked {text, evidence}

const SVG = "http://www.w3.org/2000/svg";
const ZOOMS = [0.5, 0.75, 1, 1.25, 1.5, 2, 3];
const SHARP = [100, 150, 200, 300]; // resolutions that are asked for, in dpi

export default function (component) {
  const { data, parentElement } = component;
  const root = parentElement.querySelector(".viewer");
  root.viewer ??= new Viewer(root);
  root.viewer.show(data);
  return () => root.viewer.leave();
}

class Viewer {
  constructor(root) {
    this.root = root;
    this.page = 0;
    this.zoom = 1;
    this.layers = new Set(["fields"]);
    this.words = new Map(); // of pages, by their address
    this.picking = false;
    this.picked = [];
    this.onSelect = (event) => event.detail.from !== "page" && this.select(event.detail.id);
    this.onPick = (event) => this.pick(event.detail.on);
  }

  listen() {
    if (this.listens) return;
    this.listens = true;
    window.addEventListener("docai:select", this.onSelect);
    window.addEventListener("docai:pick", this.onPick);
  }

  leave() {
    this.listens = false;
    window.removeEventListener("docai:select", this.onSelect);
    window.removeEventListener("docai:pick", this.onPick);
    this.strip?.watcher?.disconnect();
  }

  show(data) {
    this.listen();
    const before = this.data;
    this.data = data;
    this.text = data.strings;
    const isOtherLayer = before?.layer !== data.layer;
    if (isOtherLayer) this.layers = new Set([data.layer ?? "fields"]);
    const isOther = before?.document !== data.document;
    if (isOther || before.pages !== data.pages || before.version !== data.version) {
      this.words.clear();
      if (isOther) this.page = 0;
      this.build();
    }
    if (isOtherLayer) this.pressToggles();
    if (isOther || before.selected !== data.selected) this.selected = data.selected;
    const mark = this.mark(this.selected);
    this.go(mark ? mark.page : this.page || data.page || 1, { force: true });
    if (mark) this.reveal();
    if (isOther) window.dispatchEvent(new CustomEvent("docai:ready"));
  }

  address(page, dpi) {
    return pictureAddress(this.data.document, page, dpi, this.data.version);
  }

  mark(id) {
    return this.data.marks.find((mark) => mark.id === id);
  }

  // --- what stands around the page ---------------------------------------------------------

  build() {
    this.strip?.watcher?.disconnect();
    this.picture = element("img", { class: "picture", draggable: "false", alt: "" });
    this.picture.addEventListener("load", () => {
      this.root.setAttribute("data-drawn", this.page);
      this.watchStrip();
    });
    this.picture.addEventListener("error", () => this.watchStrip());
    this.overlay = document.createElementNS(SVG, "svg");
    this.overlay.setAttribute("class", "overlay");
    this.overlay.addEventListener("click", (event) => event.target === this.overlay && this.choose(null));
    this.sheet = element("div", { class: "sheet" }, this.picture, this.overlay);
    this.desk = element(
      "div",
      { class: "desk", tabindex: 0, role: "region", "aria-label": this.text.page_region },
      this.sheet,
    );
    this.desk.addEventListener("keydown", (event) => this.key(event));
    this.root.replaceChildren(this.toolbar(), element("div", { class: "body" }, ...this.stripOf(), this.desk));
  }

  toolbar() {
    const button = (text, label, act) =>
      element("button", { type: "button", title: label, "aria-label": label, onclick: act }, text);
    this.number = element("input", {
      type: "number", min: 1, max: this.data.pages, "aria-label": this.text.page_number,
      onchange: () => this.go(Number(this.number.value)),
    });
    this.scale = element("span", { class: "scale" });
    const toggles = ["fields", "tables", "blocks", "words"].map((layer) => element("button", {
      type: "button", class: `layer ${layer}`, "data-layer": layer,
      "aria-pressed": String(this.layers.has(layer)),
      onclick: () => {
        if (!this.layers.delete(layer)) this.layers.add(layer);
        this.pressToggles();
        this.draw();
      },
    }, this.text[layer]));
    const pages = [
      button("‹", this.text.previous, () => this.go(this.page - 1)),
      this.number,
      element("span", {}, `/ ${this.data.pages}`),
      button("›", this.text.next, () => this.go(this.page + 1)),
    ];
    return element(
      "div", { class: "toolbar", role: "toolbar", "aria-label": this.text.toolbar },
      ...(this.data.pages > 1 ? pages : []),
      button("−", this.text.smaller, () => this.zoomBy(-1)), this.scale,
      button("+", this.text.larger, () => this.zoomBy(1)),
      element("span", { class: "gap" }), ...toggles,
    );
  }

  pressToggles() {
    for (const each of this.root.querySelectorAll(".layer")) {
      each.setAttribute("aria-pressed", String(this.layers.has(each.dataset.layer)));
    }
  }

  stripOf() {
    this.strip = null;
    if (this.data.pages < 2) return [];
    this.strip = element("div", { class: "strip", role: "group", "aria-label": this.text.strip });
    for (let page = 1; page <= this.data.pages; page++) {
      const picture = element("img", { alt: "", width: 62, height: 88, "data-page": page });
      const label = this.text.page.replace("{page}", page);
      this.strip.append(element(
        "button", { type: "button", "aria-label": label, onclick: () => this.go(page) },
        picture, element("span", {}, String(page)),
      ));
    }
    return [this.strip];
  }

  // Thumbnails come when they are scrolled to, and after the page itself: a hundred pages need not
  // be drawn to see one.
  watchStrip() {
    if (!this.strip) return;
    this.strip.watcher?.disconnect();
    this.strip.watcher = new IntersectionObserver((seen) => {
      for (const { isIntersecting, target } of seen) {
        if (!isIntersecting || target.src) continue;
        target.src = this.address(target.dataset.page, 30);
        this.strip.watcher.unobserve(target);
      }
    }, { root: this.strip });
    for (const picture of this.strip.querySelectorAll("img")) {
      if (!picture.src) this.strip.watcher.observe(picture);
    }
  }

  key(event) {
    const steps = { PageDown: 1, PageUp: -1 };
    if (event.key in steps) this.go(this.page + steps[event.key]);
    else if (event.key === "+") this.zoomBy(1);
    else if (event.key === "-") this.zoomBy(-1);
    else return;
    event.preventDefault();
  }

  zoomBy(step) {
    const near = ZOOMS.reduce((a, b) => (Math.abs(b - this.zoom) < Math.abs(a - this.zoom) ? b : a));
    this.zoom = ZOOMS[Math.min(Math.max(ZOOMS.indexOf(near) + step, 0), ZOOMS.length - 1)];
    this.draw();
  }

  go(page, { force = false } = {}) {
    page = Math.min(Math.max(Math.round(page) || 1, 1), this.data.pages);
    if (page === this.page && !force) return;
    if (page !== this.page) this.picked = [];
    this.page = page;
    this.number.value = page;
    for (const [index, tile] of [...(this.strip?.children ?? [])].entries()) {
      const isIt = index + 1 === page;
      if (isIt) tile.setAttribute("aria-current", "page");
      else tile.removeAttribute("aria-current");
      if (isIt) this.strip.scrollTop = tile.offsetTop - this.strip.clientHeight / 2;
    }
    this.draw();
  }

  // --- the page and what lies over it ------------------------------------------------------

  async draw() {
    const [width, height] = this.data.sizes[this.page - 1] ?? [595, 842];
    const shown = Math.max(this.desk.clientWidth - 18, 200) * this.zoom;
    this.scale.textContent = `${Math.round(this.zoom * 100)} %`;
    this.sheet.style.width = `${shown}px`;
    this.sheet.style.aspectRatio = `${width} / ${height}`;
    const wanted = (72 * shown * Math.min(window.devicePixelRatio, 2)) / width;
    const dpi = SHARP.find((each) => each >= wanted * 0.9) ?? SHARP.at(-1);
    const address = this.address(this.page, dpi);
    if (this.zoom === 1) keepDpi(dpi);
    if (this.picture.getAttribute("src") !== address) {
      this.root.removeAttribute("data-drawn");
      this.picture.setAttribute("src", address);
      this.picture.alt = this.text.page.replace("{page}", this.page);
    }
    this.overlay.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const page = this.page;
    const wants = this.picking || this.layers.has("words") || this.layers.has("blocks");
    const read = wants ? await this.read(page) : null;
    if (page !== this.page) return;
    this.overlay.replaceChildren(...this.marks(), ...(read ? this.layersOf(read) : []));
    this.root.setAttribute("data-page", page);
  }

  async read(page) {
    const address = `./docai/documents/${this.data.document}/pages/${page}.json?v=${this.data.version}`;
    if (!this.words.has(address)) {
      this.words.set(address, fetch(address).then((answer) => (answer.ok ? answer.json() : null)));
    }
    return this.words.get(address);
  }

  box([left, top, right, bottom], className, label) {
    const made = document.createElementNS(SVG, "rect");
    for (const [name, value] of Object.entries({
      x: left, y: top, width: Math.max(right - left, 1), height: Math.max(bottom - top, 1), rx: 1, class: className,
    })) made.setAttribute(name, value);
    if (label) {
      const title = document.createElementNS(SVG, "title");
      title.textContent = label;
      made.append(title);
    }
    return made;
  }

  marks() {
    const found = [];
    for (const mark of this.data.marks) {
      if (mark.page !== this.page) continue;
      const isSelected = mark.id === this.selected;
      const layer = ["table", "cell"].includes(mark.kind) ? "tables" : "fields";
      if (!this.layers.has(layer) && !isSelected) continue;
      const made = this.box(mark.box, `mark ${mark.kind} ${mark.tone ?? ""} ${isSelected ? "selected" : ""}`, mark.label);
      made.dataset.id = mark.id;
      made.addEventListener("click", () => this.choose(mark.id));
      found.push(made);
    }
    return found;
  }

  layersOf(read) {
    const found = [];
    if (this.layers.has("blocks")) {
      read.blocks.forEach((block, index) => {
        const order = document.createElementNS(SVG, "text");
        order.setAttribute("x", block.box[0] + 2);
        order.setAttribute("y", block.box[1] + 8);
        order.setAttribute("class", "order");
        order.textContent = String(index + 1);
        found.push(this.box(block.box, `block ${this.picking ? "still" : ""}`, block.kind), order);
      });
    }
    if (this.layers.has("words") || this.picking) {
      read.words.forEach((word, index) => {
        const kind = this.picking ? "pickable" : "still";
        const isPicked = this.picked.includes(index);
        const made = this.box(word.box, `word ${kind} ${isPicked ? "picked" : ""}`, word.text);
        made.dataset.word = index;
        if (this.picking) made.addEventListener("click", () => this.take(read, index));
        found.push(made);
      });
    }
    return found;
  }

  // --- selecting, picking ------------------------------------------------------------------

  choose(id) {
    this.select(id);
    window.dispatchEvent(new CustomEvent("docai:select", { detail: { id, from: "page" } }));
  }

  select(id) {
    this.selected = id;
    const mark = this.mark(id);
    if (mark && mark.page !== this.page) this.go(mark.page);
    else this.draw();
    if (mark) this.reveal();
  }

  reveal() {
    const mark = this.mark(this.selected);
    const [, height] = this.data.sizes[mark.page - 1] ?? [595, 842];
    const middle = (this.sheet.clientHeight * (mark.box[1] + mark.box[3])) / 2 / height;
    const isSeen = middle > this.desk.scrollTop && middle < this.desk.scrollTop + this.desk.clientHeight;
    if (!isSeen) this.desk.scrollTop = middle - this.desk.clientHeight / 2;
  }

  pick(on) {
    this.picking = on;
    this.picked = [];
    this.root.toggleAttribute("data-picking", on);
    this.draw();
  }

  // A word clicked again is given back; the others stay in the order of the page.
  take(read, index) {
    this.picked = this.picked.includes(index)
      ? this.picked.filter((each) => each !== index)
      : [...this.picked, index].sort((a, b) => a - b);
    const words = this.picked.map((each) => read.words[each]);
    const boxes = words.map((word) => word.box);
    const evidence = boxes.length && [{
      page: this.page,
      box: [
        Math.min(...boxes.map((b) => b[0])), Math.min(...boxes.map((b) => b[1])),
        Math.max(...boxes.map((b) => b[2])), Math.max(...boxes.map((b) => b[3])),
      ],
      words: this.picked,
    }];
    const text = words.map((word) => word.text).join(" ");
    window.dispatchEvent(new CustomEvent("docai:picked", { detail: { text, evidence: evidence || [] } }));
    this.draw();
  }
}
