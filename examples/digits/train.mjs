/**
 * Teaches a small neural network to read handwritten digits: `node train.mjs [--seed 7] [--epochs 80]`.
 * Writes results/: report.png and report.svg to look at, results.json, weights.json. The same seed gives the same files.
 */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { randomFrom, readDigits, SIDE, shuffle, vary } from "./data.mjs"
import { Network } from "./network.mjs"
import { drawReport } from "./report.mjs"

const { values } = parseArgs({
  options: { seed: { type: "string", default: "7" }, epochs: { type: "string", default: "80" } },
})
const seed = Number(values.seed)
const epochs = Number(values.epochs)
const HIDDEN = 96
const HELD_BACK = 450

const random = randomFrom(seed)
const digits = shuffle(readDigits(join(import.meta.dirname, "digits.csv")), random)
const test = digits.slice(0, HELD_BACK)
const training = digits.slice(HELD_BACK)
const network = new Network({ inputs: SIDE * SIDE, hidden: HIDDEN, classes: 10, random })
console.log(`${training.length} digits to learn from, ${test.length} held back to be tested on`)
console.log(`${SIDE * SIDE} pixels -> ${HIDDEN} units -> 10 digits, ${epochs} epochs, seed ${seed}`)

const startedMs = performance.now()
const varied = new Float64Array(SIDE * SIDE)
const curve = []
for (let epoch = 1; epoch <= epochs; epoch++) {
  const rate = 0.0005 + 0.0095 * (0.5 + 0.5 * Math.cos((Math.PI * (epoch - 1)) / epochs))
  let loss = 0
  for (const { image, label } of shuffle(training, random)) {
    loss += network.learn(vary(image, random, varied), label, { rate, momentum: 0.8, decay: 0.00005 })
  }
  const right = test.filter(({ image, label }) => best(network.predict(image)) === label).length
  curve.push({ epoch, loss: loss / training.length, accuracy: right / test.length })
  if (epoch === 1 || epoch % 5 === 0 || epoch === epochs) {
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    console.log(
      `epoch ${String(epoch).padStart(3)}/${epochs}  loss ${(loss / training.length).toFixed(4)}  accuracy ${percent(right / test.length)}  ${seconds} s`,
    )
  }
}

const predictions = test.map(({ image, label }) => {
  const chances = network.predict(image)
  const guess = best(chances)
  return { image, label, guess, chance: chances[guess] }
})
const confusion = Array.from({ length: 10 }, () => new Array(10).fill(0))
for (const { label, guess } of predictions) confusion[label][guess]++
const accuracy = predictions.filter(({ label, guess }) => label === guess).length / predictions.length

const folder = "results"
mkdirSync(folder, { recursive: true })
const report = drawReport({ confusion, predictions, curve, accuracy })
writeFileSync(join(folder, "report.png"), report.toPng())
writeFileSync(join(folder, "report.svg"), report.toSvg())
writeFileSync(
  join(folder, "results.json"),
  `${JSON.stringify({ seed, epochs, accuracy, confusion, curve }, null, 2)}\n`,
)
writeFileSync(
  join(folder, "weights.json"),
  JSON.stringify({ first: rounded(network.first.weights), second: rounded(network.second.weights) }),
)
console.log(`${percent(accuracy)} of the digits it had never seen are read right; see ${folder}/report.png`)

function best(chances) {
  let top = 0
  for (let k = 1; k < chances.length; k++) if (chances[k] > chances[top]) top = k
  return top
}

function percent(part) {
  return `${(part * 100).toFixed(1)} %`
}

function rounded(weights) {
  return Array.from(weights, (weight) => Number(weight.toFixed(5)))
}
