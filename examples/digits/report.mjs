import { SIDE } from "./data.mjs"
import { Drawing } from "./drawing.mjs"

const INK = "#1d2733"
const PALE = "#6b7785"
const RIGHT = "#2f8f5b"
const WRONG = "#d1495b"
const PAPER = "#fbfaf7"

/** One picture of how well it went: what was taken for what, how it learned, and the digits it found hardest. */
export function drawReport({ confusion, predictions, curve, accuracy }) {
  const drawing = new Drawing(980, 580, PAPER)
  drawing.text(30, 24, `${(accuracy * 100).toFixed(1)}% of ${predictions.length} UNSEEN DIGITS READ RIGHT`, 4, INK)
  drawConfusion(drawing, confusion, 30, 84)
  drawCurve(drawing, curve, 530, 84)
  drawHardest(drawing, predictions, 530, 290)
  return drawing
}

function drawConfusion(drawing, confusion, left, top) {
  const cell = 42
  const most = Math.max(...confusion.flat())
  drawing.text(left, top, "WRITTEN (ROWS) AND READ (COLUMNS)", 2, PALE)
  for (let label = 0; label < 10; label++) {
    const y = top + 44 + label * cell
    drawing.text(left, y + 14, String(label), 3, INK)
    drawing.text(left + 24 + label * cell + 16, top + 22, String(label), 3, INK)
    for (let guess = 0; guess < 10; guess++) {
      const count = confusion[label][guess]
      const x = left + 24 + guess * cell
      const strength = count === 0 ? 0 : label === guess ? 0.25 + (0.75 * count) / most : 0.45 + 0.1 * count
      drawing.rect(x, y, cell - 3, cell - 3, mix("#eeece6", label === guess ? RIGHT : WRONG, Math.min(1, strength)))
      if (count > 0) drawing.text(x + (count > 9 ? 8 : 14), y + 12, String(count), 3, "#ffffff")
    }
  }
}

function drawCurve(drawing, curve, left, top) {
  const [width, height] = [420, 130]
  const floor = 0.8
  drawing.text(left, top, `ACCURACY BY EPOCH, ${floor * 100}% TO 100%`, 2, PALE)
  drawing.rect(left, top + 22, width, height, "#eeece6")
  for (const part of [0.9, 1]) {
    drawing.rect(left, Math.round(top + 22 + height - ((part - floor) / (1 - floor)) * height), width, 1, "#c9c5ba")
  }
  const wide = width / curve.length
  for (const [index, { accuracy }] of curve.entries()) {
    const tall = Math.max(2, Math.round(((accuracy - floor) / (1 - floor)) * height))
    const x = Math.round(left + index * wide)
    drawing.rect(x, top + 22 + height - tall, Math.max(1, Math.round(left + (index + 1) * wide) - x - 1), tall, RIGHT)
  }
}

/** The mistakes, then those read right with the least confidence. */
function drawHardest(drawing, predictions, left, top) {
  const hardest = predictions.toSorted((a, b) => isRight(a) - isRight(b) || a.chance - b.chance).slice(0, 21)
  const mistakes = predictions.filter((one) => !isRight(one)).length
  drawing.text(left, top, `THE HARDEST: ${mistakes} MISTAKES FIRST, THEN CLOSE CALLS`, 2, PALE)
  const [columns, pixel] = [7, 6]
  for (const [index, one] of hardest.entries()) {
    const x = left + (index % columns) * 60
    const y = top + 22 + Math.floor(index / columns) * 82
    const color = isRight(one) ? RIGHT : WRONG
    drawing.rect(x, y, SIDE * pixel + 4, SIDE * pixel + 4, color)
    for (let i = 0; i < SIDE * SIDE; i++) {
      const shade = mix("#ffffff", INK, one.image[i])
      drawing.rect(x + 2 + (i % SIDE) * pixel, y + 2 + Math.floor(i / SIDE) * pixel, pixel, pixel, shade)
    }
    drawing.text(x, y + 58, isRight(one) ? `${one.guess}` : `${one.guess} NOT ${one.label}`, 2, color)
  }
}

function isRight({ label, guess }) {
  return Number(label === guess)
}

function mix(from, to, part) {
  const channel = (color, at) => Number.parseInt(color.slice(at, at + 2), 16)
  const mixed = [1, 3, 5].map((at) => Math.round(channel(from, at) * (1 - part) + channel(to, at) * part))
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`
}
