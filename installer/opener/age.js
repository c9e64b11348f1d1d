// What the console needs of typage, and nothing more: installer/vendor-opener bundles it.
export { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
