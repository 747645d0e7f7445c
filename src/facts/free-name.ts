/**
 * Whether a text can be what somebody called a machine, a volume, a port or a program: any letters, quotes and signs, as macOS
 * lets them be, tabs too, but no other control characters, and no blanks around.
 */
export function isFreeName(text: string): boolean {
  return text.trim() === text && text.length <= 255 && /^(?:\P{C}|\t)+$/u.test(text)
}
