/** A hive as what it is to server and agents: a job on two hosts, whose members start a real engine and end it. */
import assert from "node:assert/strict"
import { copyFileSync } from "node:fs"
import { test } from "node:test"
import { readHiveNews } from "../../src/hive/order/hive-news.ts"
import { HIVE_STOP_SIGNAL, stopGraceMs } from "../../src/hive/order/hive-order.ts"
import { eventually } from "../support/agent-home.ts"
import { HiveScene } from "../support/hive-scene.ts"
import { findLlamaCpp, putLlamaCpp } from "../support/llama-cpp.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const llama = await findLlamaCpp()
const engineFolder = "folder" in llama ? llama.folder : ""
const skip = "lacking" in llama && llama.lacking
const pool = usePool({ hosts: 2 })

/** A host lays the folder out where it likes. */
const COMMAND = `sed "s|/model.gguf|$PWD/model.gguf|" order.json >hive.json && exec "$WINDFALL_NODE" member.mjs`

test("a hive is ready on two hosts, and nothing of it is left when it was asked to end", { skip }, async () => {
  for (const host of pool().hosts) putLlamaCpp(host.files, engineFolder)
  using folder = new ScratchFolder()
  await using scene = await HiveScene.set({ engineFolder, layers: [2, 4] })
  const { program, model } = scene.files
  const members = scene.order.members.map((member, rank) => ({
    ...member,
    modelPath: rank === 0 ? "/model.gguf" : null,
  }))
  folder.write({ "order.json": JSON.stringify({ ...scene.order, engineFolder: null, members }) })
  copyFileSync(program, folder.at("member.mjs"))
  copyFileSync(model, folder.at("model.gguf"))
  const grace = `${Math.ceil(stopGraceMs(scene.order) / 1000)}s`
  const stop = ["--stop-signal", HIVE_STOP_SIGNAL, "--grace", grace]
  const sent = await pool().windfall(["send", "--detach", "--nodes", "2", ...stop, "--", "sh", "-c", COMMAND], {
    cwd: folder.path,
  })
  assert.equal(sent.exitCode, 0, sent.stderr)
  const id = /\d+/.exec(sent.stdout)?.[0] ?? ""
  const engines = () =>
    pool()
      .hosts.flatMap((host) => host.processes())
      .filter(({ command }) => /llama-server|ggml-rpc-server/.test(command) && !command.includes("guardian"))
  const printed = async () => (await pool().windfall(["logs", "--rank", "0", id])).stdout
  const news = async () => (await printed()).split("\n").flatMap((line) => readHiveNews(line) ?? [])
  await eventually(async () => (await news()).some(({ hive }) => hive === "ready" || hive === "stopped"), "it is ready")
  assert.equal((await news()).at(-1)?.hive, "ready", await printed())
  assert.equal(engines().length, 3)
  await pool().windfall(["stop", id])
  await pool().untilState(Number(id), "cancelled")
  assert.deepEqual((await news()).slice(-2), [
    { hive: "draining", rank: 0 },
    { hive: "stopped", rank: 0, by: "ended" },
  ])
  assert.deepEqual(engines(), [])
})
