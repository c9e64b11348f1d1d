// What the opener needs of typage, and nothing more: installer/vendor-opener bundles it.
export { Decrypter } from "age-encryption";
