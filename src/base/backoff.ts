/** How long to wait before try number `n` (from 0): doubling from `firstMs` to `lastMs`, spread by up to a quarter so that many do not return at once. */
export function backoffMs(tryNumber: number, random: () => number, firstMs = 250, lastMs = 30_000): number {
  const whole = Math.min(lastMs, firstMs * 2 ** Math.min(tryNumber, 30))
  return Math.round(whole * (0.75 + random() * 0.5))
}
