// Opens sealed details in the page, with a key that stays in it.
//
// The officer's identity file is read by the browser, used, and let go of: it is put into no form,
// no address, no request and no storage. What comes out is shown as text nodes only, so that a file
// name with markup in it stays a file name. The same script runs in the console's page, where the
// sealed part comes from the same origin, and in the file for offline use, where a person chooses it.
import { Decrypter } from "./age.js";

const LARGEST_IDENTITY = 65_536;
const LARGEST_SEALED = 1_048_576;

const found = (id) => document.getElementById(id);
const opener = found("opener");
const texts = JSON.parse(opener.dataset.texts);
const names = JSON.parse(opener.dataset.names);

// Why something could not be opened; its message is the key of a text.
class Told extends Error {}

async function bytesOf(file, largest, otherwise) {
  if (file.size > largest) throw new Told(otherwise);
  return new Uint8Array(await file.arrayBuffer());
}

// Reads the identity file and makes what opens with it.
async function decrypterOf(file) {
  if (!file) throw new Told("choose");
  const text = new TextDecoder().decode(await bytesOf(file, LARGEST_IDENTITY, "no-key"));
  const lines = text.split("\n").map((line) => line.trim());
  const secrets = lines.filter((line) => line && !line.startsWith("#"));
  if (/^(age-encryption\.org|-----BEGIN AGE)/.test(secrets[0] ?? "")) throw new Told("locked-key");
  const decrypter = new Decrypter();
  try {
    secrets.forEach((secret) => decrypter.addIdentity(secret));
  } catch {
    throw new Told("no-key"); // the error's own text may hold part of the secret
  }
  if (!secrets.length) throw new Told("no-key");
  return decrypter;
}

async function sealedParts() {
  if (opener.dataset.sealed) return [{ name: "", read: fetched }];
  const files = [...found("sealed").files];
  if (!files.length) throw new Told("choose");
  return files.map((file) => ({
    name: file.name,
    read: () => bytesOf(file, LARGEST_SEALED, "no-details"),
  }));
}

// The sealed part, from this console. A reason that was given too long ago leads elsewhere: refused.
async function fetched() {
  const how = { cache: "no-store", credentials: "same-origin", redirect: "error" };
  const reply = await fetch(opener.dataset.sealed, how).catch(() => null);
  if (!reply || !reply.ok) throw new Told("not-given");
  return new Uint8Array(await reply.arrayBuffer());
}

async function opened(decrypter, sealed) {
  try {
    return await decrypter.decrypt(sealed);
  } catch (error) {
    const wrong = String(error.message).startsWith("no identity matched");
    throw new Told(wrong ? "wrong-key" : "damaged");
  }
}

function pairsIn(plain) {
  let details = null;
  try {
    details = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(plain));
  } catch {
    throw new Told("no-details");
  }
  if (!details || typeof details !== "object" || Array.isArray(details)) throw new Told("no-details");
  return Object.entries(details);
}

// Characters that cannot be seen, or that turn the order of others round, are written out.
function visible(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (one) =>
    one === "\n" || one === "\t" ? one : `\\u{${one.codePointAt(0).toString(16)}}`,
  );
}

function element(tag, text, className = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function show(name, pairs) {
  const card = element("section", "", "card");
  const list = element("dl", "", "pairs");
  card.append(element("h2", name ? visible(name) : texts.heading), list);
  for (const [key, value] of pairs) {
    const label = Object.hasOwn(names, key) ? names[key] : visible(key);
    const said = element("dd", visible(value), "exact");
    said.dir = "auto";
    list.append(element("dt", label), said);
  }
  found("details").append(card);
}

function tell(text, mood) {
  found("told").className = text ? `note exact ${mood}` : "";
  found("told").textContent = text;
}

function clear() {
  found("details").replaceChildren();
  found("forget").hidden = true;
  found("identity").value = ""; // nothing keeps the key, not even the name of its file
}

function forget() {
  clear();
  if (found("sealed")) found("sealed").value = "";
  tell(texts.forgotten, "plain");
}

// Opens one sealed part and shows it; says why not, or nothing.
async function openOne(decrypter, part) {
  try {
    show(part.name, pairsIn(await opened(decrypter, await part.read())));
    return "";
  } catch (error) {
    const text = texts[error instanceof Told ? error.message : "damaged"];
    return part.name ? `${visible(part.name)}: ${text}` : text;
  }
}

async function open() {
  const parts = await sealedParts();
  const decrypter = await decrypterOf(found("identity").files[0]);
  clear();
  const wrong = [];
  for (const part of parts) wrong.push(await openOne(decrypter, part));
  const said = wrong.filter(Boolean);
  found("forget").hidden = said.length === parts.length;
  tell(said.join("\n") || texts.opened, said.length ? "bad" : "good");
}

let busy = false;

async function pressed() {
  if (busy) return; // a button that is disabled would lose the keyboard's place
  busy = true;
  tell(texts.working, "plain");
  try {
    await open();
  } catch (error) {
    clear();
    tell(texts[error instanceof Told ? error.message : "damaged"], "bad");
  } finally {
    busy = false;
  }
}

found("open").addEventListener("click", pressed);
found("forget").addEventListener("click", () => {
  forget();
  found("open").focus(); // the button that was pressed is gone
});
// A page that is gone back to must not show what was opened in it.
window.addEventListener("pagehide", forget);
