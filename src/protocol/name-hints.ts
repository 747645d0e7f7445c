/** A job's name that would be taken, made of one that is not. */
export function jobNameLike(name: string): string {
  const plain = name
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+|-+$/g, "")
    .slice(0, 50)
  return /^\d*$/.test(plain) ? `train-${plain || "1"}` : plain
}

/** What to write in place of a name that no variable can have. */
export function variableHint(name: string): string {
  if (name === "") return "The name comes first: NAME=VALUE"
  if (name.startsWith("WINDFALL_"))
    return "Choose another name. What Windfall itself sets is in docs/job-environment.md"
  const plain = name.replace(/[^A-Za-z0-9_]/g, "_").slice(0, 80)
  return `Write NAME=VALUE, for instance ${plain === "__proto__" ? "PROTO" : plain.replace(/^(?=\d)/, "_")}=1`
}
