/** Whether a chat template names `tools`, by which alone engines give them to a model: to one that does not, calls that are asked for are words as any. */
export function namesTools(template: string): boolean {
  return template.includes("tools")
}
