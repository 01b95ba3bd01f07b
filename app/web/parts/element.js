// Before every other script.

// A page's picture; `version` changes when its document was read anew.
function pictureAddress(document, page, dpi, version) {
  return `./docai/documents/${document}/pages/${page}.png?dpi=${dpi}&v=${version}`;
}

// The resolution in which a page will most likely be shown here: as the last one was.
const FIRST_DPI = "docai-dpi";

function likelyDpi() {
  try {
    return Number(localStorage.getItem(FIRST_DPI)) || 100;
  } catch {
    return 100; // this browser keeps nothing
  }
}

function keepDpi(dpi) {
  try {
    localStorage.setItem(FIRST_DPI, dpi);
  } catch {
    // then the next page's picture comes a little later
  }
}

// An element with its attributes, listeners and children. Children are
// nodes or texts, and a text never becomes anything else.

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

