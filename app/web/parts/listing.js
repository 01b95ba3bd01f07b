// A list of things, one a line: opened by a click, chosen by a tick, with buttons where there is
// something to do. It shows what Python says; all text goes in as text.

export default function (component) {
  const root = component.parentElement.querySelector(".listing");
  root.listing ??= new Listing(root);
  root.listing.show(component);
}

class Listing {
  constructor(root) {
    this.root = root;
    this.chosen = new Set();
  }

  show({ data, setStateValue, setTriggerValue }) {
    this.data = data;
    this.setStateValue = setStateValue;
    this.setTriggerValue = setTriggerValue;
    const there = new Set(data.rows.map((row) => row.id));
    this.chosen = new Set([...this.chosen].filter((id) => there.has(id)));
    if (data.clear !== this.clear) {
      this.clear = data.clear;
      this.chosen.clear();
    }
    const focused = this.root.getRootNode().activeElement?.dataset.focus;
    this.draw();
    if (focused) this.root.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  }

  draw() {
    const { columns, rows, choose, label, strings } = this.data;
    const head = element("tr");
    if (choose) {
      const all = element("input", {
        type: "checkbox", "aria-label": strings.choose_all, "data-focus": "all",
        onchange: () => this.choose(all.checked ? rows.map((row) => row.id) : []),
      });
      all.checked = rows.length > 0 && this.chosen.size === rows.length;
      head.append(element("th", { scope: "col", class: "tick" }, all));
    }
    head.append(...columns.map(({ label, kind }) => element("th", { scope: "col", class: kind }, label)));
    const body = element("tbody", {}, ...rows.map((row) => this.row(row)));
    this.root.replaceChildren(element(
      "table", { "aria-label": label }, element("thead", {}, head), body,
    ));
  }

  row(row) {
    const { columns, choose, strings } = this.data;
    const made = element("tr", { "data-id": row.id });
    if (choose) {
      const tick = element("input", {
        type: "checkbox", "aria-label": strings.choose.replace("{name}", row.name), "data-focus": `tick-${row.id}`,
        onchange: () => {
          if (!this.chosen.delete(row.id)) this.chosen.add(row.id);
          this.choose([...this.chosen]);
        },
      });
      tick.checked = this.chosen.has(row.id);
      made.append(element("td", { class: "tick" }, tick));
    }
    made.append(...columns.map((column, index) => this.cell(row, column, row.cells[index])));
    return made;
  }

  cell(row, { kind }, value) {
    const made = element("td", { class: kind });
    if (value == null) return made;
    if (kind === "open") {
      const open = element(
        "button", { type: "button", class: "open", "data-focus": `open-${row.id}`,
          onpointerdown: () => this.fetchAhead(row),
          onclick: () => {
            this.fetchAhead(row);
            this.setTriggerValue("opened", row.id);
          } }, value,
      );
      made.append(open);
      if (row.note) made.append(element("div", { class: "note" }, row.note));
    } else if (kind === "state") {
      made.append(element("span", { class: `lamp ${value.tone}` }, value.text));
    } else if (kind === "sure") {
      const percent = Math.round(value * 100);
      const tone = value >= 0.9 ? "sure-high" : value >= 0.7 ? "unsure" : "doubtful";
      made.append(element("span", { class: `sure ${tone}` }, `${percent} %`));
    } else if (kind === "progress") {
      const label = value.text;
      made.append(
        element("progress", { max: 1, value: value.part, "aria-label": label }),
        element("div", { class: "note" }, label),
      );
    } else if (kind === "acts") {
      made.append(...value.map(({ act, text, href }) => href
        ? element("a", { href, download: "", "data-focus": `${act}-${row.id}` }, text)
        : element(
          "button", { type: "button", "data-focus": `${act}-${row.id}`, "aria-label": `${text}: ${row.name}`,
            onclick: () => this.setTriggerValue("acted", { act, id: row.id }) }, text,
        )));
    } else {
      made.append(String(value));
    }
    return made;
  }

  // The picture of the page that is about to be shown is drawn while the page is made.
  fetchAhead({ picture }) {
    if (!picture || this.ahead?.of === picture.document) return;
    this.ahead = { of: picture.document, image: new Image() };
    this.ahead.image.src = pictureAddress(picture.document, picture.page, likelyDpi(), picture.version);
  }

  choose(ids) {
    this.chosen = new Set(ids);
    this.setStateValue("chosen", ids);
    this.draw();
  }
}
