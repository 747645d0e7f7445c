/** Draws the report of a training that is described on standard input: `node draw.mjs < training.json`. */
import { readFileSync, writeFileSync } from "node:fs"
import { drawReport } from "./report.mjs"

const report = drawReport(JSON.parse(readFileSync(0, "utf8")))
writeFileSync("results/report.png", report.toPng())
writeFileSync("results/report.svg", report.toSvg())
