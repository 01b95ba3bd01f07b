// One table as a grid: move with the arrows, type to change a text, add and take away rows.
//
// What a person does is told to Python as in fields.js: a growing list of numbered actions. Texts
// may be changed faster than Python answers; a row more or less is waited for, since the rows
// after it have other numbers then. Where a cell stands on the page is shown by the viewer.

export default function (component) {
  const root = component.parentElement.querySelector(".grid");
  root.grid ??= new Grid(root);
  root.grid.show(component);
  return () => root.grid.leave();
}

class Grid {
  constructor(root) {
    this.root = root;
    this.run = String(Math.random()).slice(2);
    this.actions = [];
    this.count = 0;
    this.onSelect = (event) => event.detail.from === "page" && this.selected(event.detail.id);
    root.addEventListener("keydown", (event) => this.key(event));
  }

  leave() {
    this.listens = false;
    window.removeEventListener("docai:select", this.onSelect);
  }

  show({ data, setStateValue }) {
    if (!this.listens) window.addEventListener("docai:select", this.onSelect);
    this.listens = true;
    this.setStateValue = setStateValue;
    const isOther = this.data?.result !== data.result || this.data?.table !== data.table;
    this.data = data;
    this.text = data.strings;
    if (data.run === this.run) this.actions = this.actions.filter((each) => each.n > data.done);
    if (isOther) {
      this.actions = [];
      this.editing = null;
      this.at = { row: 0, column: 0 };
    }
    this.at = { row: Math.max(0, Math.min(this.at.row, data.rows - 1)), column: Math.min(this.at.column, data.columns - 1) };
    this.draw();
  }

  // --- drawing -----------------------------------------------------------------------------

  // Taking an input out of the page makes it lose the focus, which is no wish to save it.
  draw() {
    this.isDrawing = true;
    this.paint();
    this.isDrawing = false;
  }

  paint() {
    const editor = this.root.querySelector(".cell input");
    const kept = this.editing && editor ? { value: editor.value, start: editor.selectionStart, end: editor.selectionEnd } : null;
    const hadFocus = this.root.contains(this.root.getRootNode().activeElement);
    const scrolled = this.root.querySelector(".sheet");
    const [top, left] = [scrolled?.scrollTop ?? 0, scrolled?.scrollLeft ?? 0];
    const rows = Array.from({ length: this.data.rows }, (_, row) => element(
      "tr", {}, element("th", { scope: "row", class: "number" }, String(row + 1)),
    ));
    for (const cell of this.data.cells) rows[cell.row].append(this.cell(cell));
    const table = element("table", { role: "grid", "aria-label": this.data.label }, element("tbody", {}, ...rows));
    this.root.replaceChildren(element("div", { class: "sheet" }, table), this.footer());
    this.root.setAttribute("data-waiting", this.actions.length);
    Object.assign(this.root.querySelector(".sheet"), { scrollTop: top, scrollLeft: left });
    const input = this.root.querySelector(".cell input");
    if (input && kept) {
      input.value = kept.value;
      input.setSelectionRange(kept.start, kept.end);
    }
    if (input) input.focus();
    else if (hadFocus) this.focus();
  }

  cell(cell) {
    const isHere = this.covers(cell, this.at);
    const pending = this.actions.findLast((each) => each.op === "cell" && each.row === cell.row && each.column === cell.column);
    const isFigure = FIGURE.test(pending ? pending.text : cell.text);
    const state = [isFigure && "figure", cell.header && "head", cell.corrected && "corrected", pending && "pending"].filter(Boolean);
    const made = element("td", {
      class: ["cell", ...state].join(" "), role: "gridcell", tabindex: isHere ? 0 : -1, "aria-selected": String(isHere),
      rowspan: cell.row_span, colspan: cell.column_span, "data-row": cell.row, "data-column": cell.column,
      title: cell.corrected ? this.text.corrected : null,
      onclick: () => { if (!this.isEditing(cell)) this.go(cell); },
      ondblclick: () => this.edit(),
    });
    if (this.isEditing(cell)) made.append(this.editor(cell, pending));
    else made.append(pending ? pending.text : cell.text);
    return made;
  }

  editor(cell, pending) {
    const label = this.text.cell.replace("{row}", cell.row + 1).replace("{column}", cell.column + 1);
    const input = element("input", { type: "text", "aria-label": label, autocomplete: "off", maxlength: 10000 });
    input.value = this.typed ?? (pending ? pending.text : cell.text);
    input.addEventListener("keydown", (event) => {
      const step = { Enter: [event.shiftKey ? -1 : 1, 0], Tab: [0, event.shiftKey ? -1 : 1] }[event.key];
      if (step) this.save(input.value, step);
      else if (event.key === "Escape") this.leaveCell();
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    // Whatever of the grid is pressed next keeps the text by itself (keepOpen).
    input.addEventListener("blur", ({ relatedTarget }) => {
      if (this.isDrawing || !this.isEditing(cell) || this.root.contains(relatedTarget)) return;
      this.save(input.value);
    });
    return input;
  }

  footer() {
    const button = (name, act) => element("button", {
      type: "button", class: name, disabled: this.isWaitingForRows(), onclick: act,
    }, this.text[name]);
    return element(
      "div", { class: "foot" },
      button("add_row", () => this.addRow()),
      this.data.rows ? button("drop_row", () => this.dropRow()) : "",
      button("undo", () => this.undo()),
      element("p", { class: "keys" }, this.text.keys),
    );
  }

  // --- moving ------------------------------------------------------------------------------

  key(event) {
    const target = event.composedPath()[0];
    if (!target.matches?.("td") || event.altKey) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "z") this.undo();
    else if (event.ctrlKey || event.metaKey) return;
    else if (event.key in STEPS) this.step(...STEPS[event.key]);
    else if (event.key === "Enter" || event.key === "F2") this.edit();
    else if (event.key === "Delete" || event.key === "Backspace") this.set("");
    else if (event.key.length === 1) this.edit(event.key);
    else return;
    event.preventDefault();
  }

  step(rows, columns) {
    const cell = this.here();
    if (!cell) return;
    const row = rows > 0 ? cell.row + cell.row_span : this.at.row + rows;
    const column = columns > 0 ? cell.column + cell.column_span : this.at.column + columns;
    if (row < 0 || column < 0 || row >= this.data.rows || column >= this.data.columns) return this.focus();
    const next = this.data.cells.find((each) => this.covers(each, { row, column }));
    if (next) this.go(next);
  }

  go({ row, column }) {
    this.keepOpen();
    this.at = { row, column };
    this.draw();
    this.focus();
    const id = `cell/${this.data.table}/${row}/${column}`;
    window.dispatchEvent(new CustomEvent("docai:select", { detail: { id, from: "list" } }));
  }

  // A box on the page was clicked.
  selected(id) {
    const [kind, table, row, column] = String(id).split("/");
    if (kind !== "cell" || Number(table) !== this.data.table) return;
    this.keepOpen();
    this.at = { row: Number(row), column: Number(column) };
    this.draw();
    this.focus();
  }

  focus() {
    const cell = this.here();
    const shown = cell && this.root.querySelector(`td[data-row="${cell.row}"][data-column="${cell.column}"]`);
    shown?.focus();
    shown?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  here() {
    return this.data.cells.find((cell) => this.covers(cell, this.at));
  }

  covers(cell, { row, column }) {
    return cell.row <= row && row < cell.row + cell.row_span
      && cell.column <= column && column < cell.column + cell.column_span;
  }

  isEditing(cell) {
    return this.editing === `${cell.row}/${cell.column}`;
  }

  // --- changing ----------------------------------------------------------------------------

  edit(typed = null) {
    const cell = this.here();
    if (!cell || this.isWaitingForRows()) return;
    this.editing = `${cell.row}/${cell.column}`;
    this.typed = typed;
    this.draw();
    this.typed = null;
  }

  // The text that is being typed, as if Enter had been pressed.
  keepOpen() {
    const input = this.editing && this.root.querySelector(".cell input");
    this.editing = null;
    if (input) this.set(input.value);
  }

  leaveCell() {
    this.editing = null;
    this.draw();
    this.focus();
  }

  save(text, step = null) {
    this.set(text);
    this.editing = null;
    this.draw();
    if (step) {
      this.focus();
      this.step(...step);
    }
  }

  set(text) {
    const cell = this.here();
    if (!cell || this.isWaitingForRows()) return;
    const before = this.actions.findLast((each) => each.row === cell.row && each.column === cell.column)?.text ?? cell.text;
    if (text === before) return;
    this.tellPython({ op: "cell", row: cell.row, column: cell.column, text });
  }

  undo() {
    this.keepOpen();
    this.tellPython({ op: "undo" });
  }

  addRow() {
    this.keepOpen();
    this.tellPython({ op: "cell", row: this.data.rows, column: 0, text: "" });
    this.at = { row: this.data.rows, column: 0 };
  }

  dropRow() {
    this.keepOpen();
    this.tellPython({ op: "drop_row", row: this.at.row });
  }

  isWaitingForRows() {
    return this.actions.some((each) => each.op !== "cell" || each.row >= this.data.rows);
  }

  tellPython(action) {
    const about = { n: ++this.count, result: this.data.result, table: this.data.table };
    this.actions = [...this.actions, { ...about, ...action }];
    this.setStateValue("actions", { run: this.run, list: this.actions });
    this.draw();
  }
}

const FIGURE = /^[^\p{L}]{0,3}[-−(]?\d[\d.,\s'%)]*[^\p{L}\d]{0,3}$/u; // what stands right in its column
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
