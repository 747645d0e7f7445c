/**
 * Runs a server as a process of its own: `node src/server/main.ts --data DIR --port 7480`. Prints one JSON line when ready, or
 * on standard error why it cannot start. With `--background` that comes on standard output, too: standard error is a log
 * then, perhaps of the server that is in the way. With `--list-hosts` it starts none and prints the names of its hosts.
 */
import { parseArgs } from "node:util"
import { getHeapStatistics } from "node:v8"
import { parseDuration } from "../base/duration.ts"
import { watchHeap } from "../base/heap-watch.ts"
import { proxiedFetch } from "../hub/proxied-fetch.ts"
import { toWindfallError } from "../protocol/errors.ts"
import { indexForHosts, pythonIndex } from "../ssh/python-index.ts"
import { readCertificate } from "./certificate.ts"
import { readPlaces } from "./config.ts"
import { openHostsWith } from "./hosts/open-hosts.ts"
import { joinedHosts } from "./joined-hosts.ts"
import { hubSettings } from "./pulls/hub-settings.ts"
import { startServer } from "./start-server.ts"

// What Node itself has to say may find no room where it goes, either.
process.stderr.on("error", () => {})

try {
  const { values } = parseArgs({
    options: {
      data: { type: "string" },
      "key-file": { type: "string" },
      cache: { type: "string" },
      host: { type: "string" },
      lan: { type: "boolean" },
      address: { type: "string" },
      port: { type: "string" },
      "tls-cert": { type: "string" },
      "tls-key": { type: "string" },
      "keep-files": { type: "string" },
      "keep-logs": { type: "string" },
      "keep-events": { type: "string" },
      "model-disk": { type: "string" },
      "notify-private": { type: "boolean" },
      hub: { type: "string" },
      "hub-token-file": { type: "string" },
      background: { type: "boolean" },
      "list-hosts": { type: "boolean" },
    },
  })
  const places = readPlaces()
  if (values["list-hosts"] === true) {
    process.stdout.write(`${JSON.stringify(joinedHosts(values.data ?? places.dataFolder))}\n`)
    process.exit(0)
  }
  const { "tls-cert": cert, "tls-key": key } = values
  const packageIndex = indexForHosts(places.environment)
  const server = await startServer({
    dataFolder: values.data ?? places.dataFolder,
    keyFile: values["key-file"] ?? places.keyFile,
    cacheFolder: values.cache ?? places.cacheFolder,
    host: values.host ?? places.host,
    lan: values.lan === true,
    ...(values.address === undefined ? {} : { address: values.address }),
    port: values.port === undefined ? places.port : Number(values.port),
    tls: cert === undefined || key === undefined ? null : readCertificate(cert, key, Date.now()),
    limits: {
      ...(values["keep-files"] === undefined ? {} : { keepFilesMs: parseDuration(values["keep-files"]) }),
      ...(values["keep-logs"] === undefined ? {} : { keepLogsMs: parseDuration(values["keep-logs"]) }),
      ...(values["keep-events"] === undefined ? {} : { keepEventsMs: parseDuration(values["keep-events"]) }),
      ...(values["model-disk"] === undefined ? {} : { modelBytes: Number(values["model-disk"]) }),
      notifyPrivate: values["notify-private"] === true,
    },
    hub: hubSettings({
      url: values.hub ?? places.hub,
      tokenFile: values["hub-token-file"] ?? null,
      fetch: proxiedFetch(places.environment),
    }),
    ...(packageIndex === null ? {} : { packageIndex }),
    openHosts: openHostsWith({ pythonIndex: pythonIndex(places.environment) }),
  })
  const { url, firstToken } = server
  // A machine without ssh's programs can still have itself as a host.
  const sshKey = await server.hosts.publicLine().catch(() => null)
  const { certificate, fingerprint } = server
  const ready = {
    ready: true,
    url,
    server: server.server,
    pid: process.pid,
    firstToken,
    sshKey,
    certificate,
    fingerprint,
  }
  process.stdout.write(`${JSON.stringify(ready)}\n`)
  watchHeap(getHeapStatistics)
  let stopping = false
  const stop = () => {
    if (stopping) process.exit(130)
    stopping = true
    server.stop().then(
      () => process.exit(0),
      (error) => {
        process.stderr.write(`${toWindfallError(error, "stop the server").message}\n`)
        process.exit(125)
      },
    )
  }
  process.on("SIGTERM", stop)
  process.on("SIGINT", stop)
} catch (thrown) {
  const error = toWindfallError(thrown, "start the server")
  const out = process.argv.includes("--background") ? process.stdout : process.stderr
  out.write(`${JSON.stringify(error.toBody())}\n`)
  process.exitCode = error.exitCode
}
