// The list of fields: select, accept, edit, pick on the page, mark as absent, take back.
//
// What a person does is told to Python as a growing list of numbered actions: quick keys may
// come faster than Python answers, and none may be lost or done twice. Until the answer is there
// the list shows what was done.

export default function (component) {
  const root = component.parentElement.querySelector(".fields");
  root.list ??= new Fields(root);
  root.list.show(component);
  return () => root.list.leave();
}

const ADDING = "+"; // what is edited while a field that was missed is added
const KEYS = { a: "add", Enter: "accept", e: "edit", p: "pick", x: "absent", u: "undo", n: "skip", b: "back" };

class Fields {
  constructor(root) {
    this.root = root;
    this.run = String(Math.random()).slice(2);
    this.actions = [];
    this.count = 0;
    this.onKey = (event) => this.key(event);
    this.onSelect = (event) => event.detail.from === "page" && this.select(event.detail.id, { tell: false });
    this.onReady = () => this.data.mode === "review" && this.tell();
    this.onPicked = (event) => this.picked(event.detail);
  }

  listen() {
    if (this.listens) return;
    this.listens = true;
    this.keys = this.data.mode === "review" ? document : this.root;
    this.keys.addEventListener("keydown", this.onKey);
    window.addEventListener("docai:select", this.onSelect);
    window.addEventListener("docai:ready", this.onReady);
    window.addEventListener("docai:picked", this.onPicked);
  }

  leave() {
    this.listens = false;
    this.keys?.removeEventListener("keydown", this.onKey);
    window.removeEventListener("docai:select", this.onSelect);
    window.removeEventListener("docai:ready", this.onReady);
    window.removeEventListener("docai:picked", this.onPicked);
  }

  show({ data, setStateValue }) {
    this.setStateValue = setStateValue;
    const isOther = this.data?.result !== data.result;
    this.data = data;
    this.text = data.strings;
    this.listen();
    if (data.run === this.run) this.actions = this.actions.filter((each) => each.n > data.done);
    if (isOther) {
      this.editing = null;
      this.actions = [];
      this.isLeaving = false;
      const first = data.rows.find((row) => !row.looked_at) ?? data.rows[0];
      this.selected = data.selected ?? (data.mode === "review" ? first?.id : null);
    } else if (data.selected && data.selected !== this.told) {
      this.selected = data.selected;
    }
    this.told = data.selected;
    const isAdded = data.rows.some((row) => row.id === this.added);
    if (isAdded) {
      this.selected = this.added;
      this.added = null;
    }
    this.draw();
    if (isAdded || (isOther && data.mode === "review")) this.tell();
  }

  // --- drawing -----------------------------------------------------------------------------

  draw() {
    const editor = this.root.querySelector("input");
    const kept = editor && { value: editor.value, start: editor.selectionStart, end: editor.selectionEnd };
    const names = this.root.querySelector("select");
    if (names) this.adding = names.value;
    const isChoosing = names && names === this.root.getRootNode().activeElement;
    const list = element("div", { class: "list" });
    let group = null;
    for (const row of this.data.rows) {
      if (row.group !== group) {
        group = row.group;
        if (group) list.append(element("h3", {}, group));
      }
      list.append(this.row(row));
    }
    const added = this.editing === ADDING ? [this.adder()] : [];
    this.root.replaceChildren(...(this.data.rows.length ? [list] : []), ...added, ...this.footer());
    this.root.setAttribute("data-result", this.data.result);
    this.root.setAttribute("data-waiting", this.actions.length);
    const input = this.root.querySelector("input");
    if (input && kept) {
      input.value = kept.value;
      input.setSelectionRange(kept.start, kept.end);
    }
    if (isChoosing) this.root.querySelector("select")?.focus();
    else if (input) input.focus();
    this.root.querySelector(".selected")?.scrollIntoView({ block: "nearest" });
  }

  row(row) {
    const isSelected = row.id === this.selected;
    const done = this.actions.findLast((each) => each.id === row.id);
    const value = done?.op === "set" ? done.text : done?.op === "absent" ? row.left_empty ?? "" : row.value;
    const isLookedAt = row.looked_at || Boolean(done);
    const state = isLookedAt ? "looked" : row.tone;
    const sure = row.confidence == null ? "" : `${Math.round(row.confidence * 100)} %`;
    const button = element(
      "button",
      { type: "button", class: "field", "aria-pressed": String(isSelected), onclick: () => this.select(row.id) },
      element("span", { class: "name" }, row.label),
      element("span", { class: `value ${value ? "" : "none"}` }, value || this.none(row)),
      element(
        "span",
        { class: `sure ${state}`, title: isLookedAt ? this.text.looked_at : this.text.confidence },
        isLookedAt ? "✓" : sure,
      ),
    );
    const parts = [button];
    for (const message of row.messages) parts.push(element("p", { class: "message" }, message));
    if (isSelected && this.editing === row.id) parts.push(this.editor(row));
    else if (isSelected && this.data.can_edit) parts.push(this.buttons(row));
    return element("div", { class: `row ${isSelected ? "selected" : ""}`, "data-id": row.id }, ...parts);
  }

  none(row) {
    return row.filled ? this.text.left_empty_value : this.text.absent_value;
  }

  buttons(row) {
    const names = ["accept", "edit", "pick", "absent"];
    const text = { ...this.text, ...(row.filled && { absent: this.text.left_empty }) };
    return element("div", { class: "buttons" }, ...names.map((name) => element(
      "button", { type: "button", class: name, onclick: () => this.act(name) }, text[name],
    )));
  }

  editor(row) {
    const input = element("input", { type: "text", "aria-label": row.label, autocomplete: "off", maxlength: 5000 });
    input.value = row.edit;
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.stopEditing();
      else if (event.key === "Enter") this.save(input.value);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    return element(
      "div", { class: "editor" }, input,
      element("button", { type: "button", class: "save", onclick: () => this.save(input.value) }, this.text.save),
      element("button", { type: "button", onclick: () => this.stopEditing() }, this.text.cancel),
      this.isPicking ? element("p", { class: "hint" }, this.text.pick_hint) : "",
    );
  }

  // A field that was missed: which one, and its value, typed or clicked on the page.
  adder() {
    const names = this.data.missing.map(({ name, label }) => element(
      "option", { value: name, selected: name === this.adding }, label,
    ));
    const made = this.editor({ label: this.text.add_value, edit: "" });
    made.prepend(element("select", {
      "aria-label": this.text.add_name,
      onkeydown: (event) => {
        if (event.key === "Escape") this.stopEditing();
        else if (event.key === "Enter") made.querySelector("input").focus();
        else return;
        event.preventDefault();
        event.stopPropagation();
      },
    }, ...names));
    made.classList.add("adder");
    return made;
  }

  footer() {
    if (!this.data.can_edit) return [];
    const made = [];
    const button = (name) => element(
      "button", { type: "button", class: name, onclick: () => this.act(name) }, this.text[name],
    );
    if (this.data.mode === "review") {
      made.push(button("confirm"), button("skip"), button("back"));
    }
    if (this.data.missing?.length) made.push(button("add"));
    made.push(button("undo"));
    const [look, review] = this.data.is_form
      ? [this.text.keys_form, this.text.keys_form_review]
      : [this.text.keys, this.text.keys_review];
    const keys = this.data.mode === "review" ? review : look;
    return [element("div", { class: "foot" }, ...made), element("p", { class: "keys" }, keys)];
  }

  // --- doing -------------------------------------------------------------------------------

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const target = event.composedPath()[0];
    if (target.matches?.("input, textarea, select, [contenteditable=true]")) return;
    const isOurs = event.composedPath().includes(this.root);
    const isElsewhere = !isOurs && target.closest?.("button, a, [role=button], [role=radio], .desk");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (isElsewhere) return;
      this.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter") {
      const isButton = isOurs && target.matches(".buttons button, .foot button");
      if (isElsewhere || isButton) return;
      this.act(event.shiftKey && this.data.mode === "review" ? "confirm" : "accept");
    } else if (!event.shiftKey && event.key in KEYS) {
      this.act(KEYS[event.key]);
    } else {
      return;
    }
    event.preventDefault();
  }

  act(name) {
    if (!this.data.can_edit || this.isLeaving) return;
    const row = this.data.rows.find((each) => each.id === this.selected);
    if (name === "add") {
      if (!this.data.missing?.length) return;
      this.editing = ADDING;
      this.setPicking(true);
      this.root.querySelector("select").focus();
    } else if (name === "edit" || name === "pick") {
      if (!row) return;
      this.editing = row.id;
      this.draw();
      if (name === "pick") this.setPicking(true);
    } else if (name === "accept" || name === "absent") {
      if (!row) return;
      this.tellPython({ op: name, id: row.id });
      this.move(1);
    } else if (name === "undo") {
      this.tellPython({ op: "undo" });
    } else if (this.data.mode === "review") {
      this.isLeaving = true; // what is pressed from now on is not meant for this document
      this.tellPython({ op: name });
    }
  }

  save(text) {
    const row = this.data.rows.find((each) => each.id === this.editing);
    const name = this.editing === ADDING && this.root.querySelector("select").value;
    const evidence = this.found?.evidence.length ? this.found.evidence : null;
    const said = { text, evidence, page_text: evidence && this.found.text };
    if (row) this.tellPython({ op: "set", id: row.id, ...said });
    if (name) {
      this.added = `field/0/${name}`; // it is selected as soon as it is there
      this.tellPython({ op: "add", name, ...said });
    }
    this.stopEditing({ move: Boolean(row) });
  }

  stopEditing({ move = false } = {}) {
    this.editing = null;
    this.found = null;
    if (this.isPicking) this.setPicking(false);
    if (move) this.move(1);
    else this.draw();
    this.root.querySelector(".selected .field")?.focus();
  }

  setPicking(on) {
    this.isPicking = on;
    this.found = null;
    window.dispatchEvent(new CustomEvent("docai:pick", { detail: { on } }));
    this.draw();
  }

  picked(found) {
    if (!this.editing) return;
    this.found = found;
    const input = this.root.querySelector("input");
    if (input) {
      input.value = found.text;
      input.focus();
    }
  }

  tellPython(action) {
    this.actions = [...this.actions, { n: ++this.count, result: this.data.result, ...action }];
    this.setStateValue("actions", { run: this.run, list: this.actions });
    this.draw();
  }

  move(step) {
    const index = this.data.rows.findIndex((row) => row.id === this.selected);
    const next = this.data.rows[Math.min(Math.max(index + step, 0), this.data.rows.length - 1)];
    if (next) this.select(next.id);
  }

  select(id, { tell = true } = {}) {
    if (this.editing && id !== this.editing) {
      this.editing = null;
      if (this.isPicking) this.setPicking(false);
    }
    this.selected = id;
    this.draw();
    this.root.querySelector(".selected .field")?.focus({ preventScroll: true });
    if (tell) this.tell();
  }

  tell() {
    window.dispatchEvent(new CustomEvent("docai:select", { detail: { id: this.selected, from: "list" } }));
  }
}
