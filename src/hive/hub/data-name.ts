const LONGEST = 63

/** What the model of a repository is called as data, where nobody says: "Qwen3-8B-Q4_K_M". */
export function usualDataName(repository: string, label: string | null): string {
  const name = repository.slice(repository.indexOf("/") + 1).replace(/[-_.]gguf$/i, "")
  const isSaid = label === null || name.toLowerCase().includes(label.toLowerCase())
  // A label that is a file's name says all there is.
  const isFileName = label?.toLowerCase().startsWith(name.toLowerCase()) === true
  const text = isSaid ? name : isFileName ? (label ?? name) : `${name}-${label}`
  const plain = text.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "")
  return plain.slice(0, LONGEST) || "model"
}
