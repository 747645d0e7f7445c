import { WindfallError } from "../../protocol/errors.ts"

/** Labels of a host, each typed as NAME=VALUE. @throws {WindfallError} invalid_input */
export function readLabels(texts: readonly string[]): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const text of texts) {
    const [, name, label] = /^([A-Za-z0-9._/-]{1,63})=(.{0,255})$/.exec(text) ?? []
    if (name === undefined || label === undefined) {
      throw new WindfallError("invalid_input", `Cannot read the label ${JSON.stringify(text)}: write NAME=VALUE`, {
        hint: "For instance: --label room=2.14. The name has letters, digits, dots, dashes, underscores and slashes",
      })
    }
    labels[name] = label
  }
  return labels
}
