/** Formats that run code of their author where they are loaded. */
const PICKLED = /\.(?:bin|pt|pth|ckpt|pkl|pickle)$/i
const PROGRAM = /\.(?:py|pyc|pyo|pyw|pyi|ipynb)$/i
/** The same weights again, as their author's own programs name them. */
const SECOND_COPY = /^consolidated[^/]*\.safetensors$/i

export function isPickled(name: string): boolean {
  return PICKLED.test(name)
}

/**
 * Whether a file beside a model is never brought along, whether from a hub or from a folder.
 * @param needed what the model is read from
 */
export function isLeftBehind(name: string, needed: readonly string[]): boolean {
  if (needed.includes(name)) return false
  return PICKLED.test(name) || PROGRAM.test(name) || SECOND_COPY.test(name)
}
