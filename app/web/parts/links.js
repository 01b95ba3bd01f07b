// Downloads in a row.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".links");
  const made = data.links.map(({ text, href }) => element("a", { href, download: "" }, text));
  root.replaceChildren(element("span", {}, data.label), ...made);
}
