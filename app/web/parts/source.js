// A long text as it is, to be read, scrolled by keyboard and copied.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".source");
  const text = element("pre", { tabindex: 0, role: "region", "aria-label": data.label }, data.text);
  const says = element("span", { role: "status" });
  const copy = async () => {
    says.textContent = (await isCopied(data.text, text)) ? data.strings.copied : data.strings.not_copied;
  };
  const button = element("button", { type: "button", onclick: copy }, data.strings.copy);
  const { scrollTop } = root.querySelector("pre") ?? {};
  root.replaceChildren(element("div", { class: "bar" }, button, says), text);
  text.scrollTop = scrollTop ?? 0;
}

// Without TLS a browser lets nobody write to the clipboard; then what is selected is copied.
async function isCopied(content, shown) {
  try {
    await navigator.clipboard.writeText(content);
    return true;
  } catch {
    const selection = window.getSelection();
    selection.selectAllChildren(shown);
    return document.execCommand("copy");
  }
}
