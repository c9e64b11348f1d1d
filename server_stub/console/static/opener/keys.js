// Makes the keys that open what laptops seal, in the browser of whoever is to hold them.
//
// The secret goes into a file that the browser saves, and is let go of. Then the person chooses that
// file: what opens a test is what really lies on the disk, and a download that went wrong shows now
// and not when it is needed. The test is made here and stays here. What is sent is the public half.
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "./age.js";

const LARGEST_IDENTITY = 65_536;
const SECRET = /^AGE-SECRET-KEY-1[0-9A-Z]+$/;
const texts = JSON.parse(document.getElementById("keys").dataset.texts);

// Why a key cannot be used; its message is the key of a text.
class Told extends Error {}

// As age-keygen writes it, so that every age program reads it.
async function make(slot) {
  const secret = await generateX25519Identity();
  const recipient = await identityToRecipient(secret);
  const created = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  save(`${slot}.agekey`, `# created: ${created}\n# public key: ${recipient}\n${secret}\n`);
}

function save(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  // Later: the browser has to have begun to save it.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function secretIn(file) {
  if (!file) throw new Told("choose");
  if (file.size > LARGEST_IDENTITY) throw new Told("no-key");
  const lines = (await file.text()).split("\n").map((line) => line.trim());
  const found = lines.filter((line) => line && !line.startsWith("#"));
  if (/^(age-encryption\.org|-----BEGIN AGE)/.test(found[0] ?? "")) throw new Told("locked-key");
  if (found.length !== 1 || !SECRET.test(found[0])) throw new Told("no-key");
  return found[0];
}

// The public half, once something that was sealed to it could be opened with the secret.
async function proven(secret) {
  const recipient = await identityToRecipient(secret).catch(() => {
    throw new Told("no-key"); // the error's own text may hold part of the secret
  });
  const sealing = new Encrypter();
  const opening = new Decrypter();
  sealing.addRecipient(recipient);
  opening.addIdentity(secret);
  const message = crypto.getRandomValues(new Uint8Array(32));
  const opened = await opening.decrypt(await sealing.encrypt(message));
  if (String(opened) !== String(message)) throw new Told("wrong");
  return recipient;
}

function tell(form, word, mood) {
  const told = form.querySelector(".told");
  told.className = `told note ${mood}`;
  told.textContent = texts[word];
}

async function enter(form) {
  const chosen = form.querySelector(".file");
  const recipient = await proven(await secretIn(chosen.files[0]));
  chosen.value = ""; // nothing keeps the key, not even the name of its file
  form.elements.key.value = recipient;
  form.submit();
}

// One thing at a time; a button that is disabled would lose the keyboard's place.
let busy = false;

async function doing(form, work, before) {
  if (busy) return;
  busy = true;
  tell(form, before, "plain");
  try {
    await work();
  } catch (error) {
    tell(form, error instanceof Told ? error.message : "failed", "bad");
  } finally {
    busy = false;
  }
}

for (const form of document.querySelectorAll("form[data-slot]")) {
  const press = (name, work, before) => {
    const button = form.querySelector(name);
    button.addEventListener("click", () => doing(form, work, before));
    button.disabled = false; // before this script was there it would have done nothing
  };
  press(".make", () => make(form.dataset.slot), "made");
  press(".try", () => enter(form), "trying");
  form.addEventListener("submit", (event) => event.preventDefault()); // Enter in a field
}
