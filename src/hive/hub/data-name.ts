const LONGEST = 63

/** What the model of a repository is called as data, where nobody says: "Qwen3-8B-Q4_K_M". */
export function usualDataName(repository: string, label: string | null): string {
  const name = repository.slice(repository.indexOf("/") + 1).replace(/[-_.]gguf$/i, "")
  const isSaid = label === null || says(name, label)
  // A label that is a file's name says all there is; a quantisation may begin as a repository is called: f1 and F16.
  const isFileName = label !== null && startsWithWord(label, name)
  const text = isSaid ? name : isFileName ? (label ?? name) : `${name}-${label}`
  const plain = text.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "")
  return plain.slice(0, LONGEST) || "model"
}

/** Whether a name has these words in it, whole. */
function says(name: string, words: string): boolean {
  const plain = (text: string) => `-${text.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}-`
  return plain(name).includes(plain(words))
}

function startsWithWord(text: string, word: string): boolean {
  return text.toLowerCase().startsWith(word.toLowerCase()) && !/^[a-z0-9]/i.test(text.slice(word.length))
}
