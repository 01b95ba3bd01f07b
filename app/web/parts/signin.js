// The key goes straight to the server, which answers with a cookie that scripts cannot read.

export default function ({ data, parentElement }) {
  const form = parentElement.querySelector("form");
  form.querySelector("label").textContent = data.strings.key;
  form.querySelector("button").textContent = data.strings.sign_in;
  const says = form.querySelector("p");
  form.onsubmit = async (event) => {
    event.preventDefault();
    says.textContent = "";
    try {
      const key = form.querySelector("input").value;
      const answer = await fetch("./docai/session", { method: "POST", body: key });
      if (answer.ok) window.location.reload();
      else says.textContent = data.strings.errors[(await answer.json()).code] ?? data.strings.failed;
    } catch {
      says.textContent = data.strings.failed;
    }
  };
}
