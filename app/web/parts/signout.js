export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  button.textContent = data.strings.sign_out;
  button.onclick = async () => {
    await fetch("./docai/session", { method: "DELETE" });
    window.location.reload();
  };
}
