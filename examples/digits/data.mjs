import { readFileSync } from "node:fs"

export const SIDE = 8

/** Numbers in [0, 1) that depend on the seed alone, the same on every machine (the mulberry32 generator). */
export function randomFrom(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Reads `digits.csv`: 64 pixels of 0 to 16 and the digit, one image a line. Pixels become 0 to 1. */
export function readDigits(file) {
  const digits = []
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (line === "") continue
    const numbers = line.split(",").map(Number)
    digits.push({ label: numbers[SIDE * SIDE], image: Float64Array.from(numbers.slice(0, SIDE * SIDE), (n) => n / 16) })
  }
  return digits
}

/** Shuffles in place. */
export function shuffle(list, random) {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const kept = list[i]
    list[i] = list[j]
    list[j] = kept
  }
  return list
}

/** The image moved, turned and sized a little, as another hand might have written it. */
export function vary(image, random, into) {
  const angle = (random() - 0.5) * 0.35
  const size = 1 + (random() - 0.5) * 0.2
  const [dx, dy] = [(random() - 0.5) * 1.6, (random() - 0.5) * 1.6]
  const [cos, sin] = [Math.cos(angle) / size, Math.sin(angle) / size]
  const middle = (SIDE - 1) / 2
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const [u, v] = [x - middle + dx, y - middle + dy]
      into[y * SIDE + x] = between(image, middle + u * cos - v * sin, middle + u * sin + v * cos)
    }
  }
  return into
}

/** The brightness at a point between pixels. */
function between(image, x, y) {
  const [left, top] = [Math.floor(x), Math.floor(y)]
  const [right, below] = [x - left, y - top]
  const at = (column, row) => (column < 0 || row < 0 || column >= SIDE || row >= SIDE ? 0 : image[row * SIDE + column])
  return (
    at(left, top) * (1 - right) * (1 - below) +
    at(left + 1, top) * right * (1 - below) +
    at(left, top + 1) * (1 - right) * below +
    at(left + 1, top + 1) * right * below
  )
}
