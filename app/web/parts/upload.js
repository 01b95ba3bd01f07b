// Files dropped or chosen: sent one after the other, each with its progress. What breaks off
// (a reload, a lost connection) is sent again by dropping it again: the same file is the same
// document, so nothing is doubled.

export default function (component) {
  const root = component.parentElement.querySelector(".upload");
  root.upload ??= new Upload(root);
  root.upload.show(component);
}

class Upload {
  constructor(root) {
    this.root = root;
    this.waiting = [];
    this.finished = 0;
    this.refused = [];
    this.stored = [];
    this.onLeave = (event) => this.isBusy && event.preventDefault();
  }

  show({ data, setTriggerValue }) {
    this.data = data;
    this.text = data.strings;
    this.setTriggerValue = setTriggerValue;
    if (!this.zone) this.build();
    this.draw();
  }

  build() {
    this.input = element("input", {
      type: "file", multiple: true, accept: this.data.accept, id: "docai-files",
      onchange: () => { this.add([...this.input.files]); this.input.value = ""; },
    });
    this.head = element("span", { class: "head" });
    const choose = element("span", { class: "choose" }, this.text.choose);
    this.zone = element("label", { class: "zone", for: "docai-files" }, this.head, choose, this.input);
    this.zone.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.zone.classList.add("over");
    });
    this.zone.addEventListener("dragleave", () => this.zone.classList.remove("over"));
    this.zone.addEventListener("drop", (event) => {
      event.preventDefault();
      this.zone.classList.remove("over");
      this.add([...event.dataTransfer.files]);
    });
    this.bar = element("progress", { max: 1, value: 0, "aria-label": this.text.progress });
    this.says = element("p", { class: "says", role: "status" });
    this.wrong = element("ul", { class: "wrong" });
    this.root.replaceChildren(this.zone, this.bar, this.says, this.wrong);
  }

  draw() {
    this.head.textContent = this.text.drop;
    const count = this.finished + this.waiting.length + (this.current ? 1 : 0);
    this.bar.hidden = !this.isBusy;
    this.bar.max = count || 1;
    this.bar.value = this.finished + (this.current?.part ?? 0);
    const name = this.current?.file.name ?? "";
    this.says.textContent = this.isBusy
      ? this.text.sending.replace("{done}", this.finished + 1).replace("{count}", count).replace("{name}", name)
      : "";
    this.wrong.replaceChildren(...this.refused.map(({ name, why }) => element("li", {}, `${name}: ${why}`)));
    this.root.setAttribute("data-busy", String(Boolean(this.isBusy)));
  }

  async add(files) {
    if (!this.isBusy) this.refused = [];
    this.waiting.push(...files);
    if (this.isBusy || !files.length) return;
    this.isBusy = true;
    window.addEventListener("beforeunload", this.onLeave);
    while (this.waiting.length) {
      this.current = { file: this.waiting.shift(), part: 0 };
      this.draw();
      await this.send(this.current);
      this.finished++;
    }
    this.current = null;
    this.isBusy = false;
    window.removeEventListener("beforeunload", this.onLeave);
    this.draw();
    if (this.stored.length) this.setTriggerValue("sent", [...new Set(this.stored)]);
    this.finished = 0;
    this.stored = [];
  }

  send(current) {
    return new Promise((done) => {
      const call = new XMLHttpRequest();
      call.open("PUT", `./docai/upload?name=${encodeURIComponent(current.file.name)}`);
      call.responseType = "json";
      call.upload.onprogress = ({ loaded, total }) => {
        current.part = total ? loaded / total : 0;
        this.draw();
      };
      call.onloadend = () => {
        const answer = call.response ?? {};
        if (call.status === 200) this.stored.push(answer.id);
        else {
          const why = this.text.errors[answer.code] ?? answer.detail ?? this.text.lost;
          this.refused.push({ name: current.file.name, why });
        }
        done();
      };
      call.send(current.file);
    });
  }
}
