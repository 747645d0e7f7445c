/** HTTP/2 paths the agent answers on its stdin and stdout. */
export const AGENT_PATHS = {
  /** POST, both bodies open as long as the link: frames of {@link ServerMessage} and {@link AgentMessage}. */
  control: "/control",
  /** PUT, body a pack (workspace/pack.ts): blobs for the host's cache. Answers `{ stored: number }`. */
  blobs: "/blobs",
  /** POST `/outputs/ATTEMPT` with `{ hashes: BlobHash[] }`: answers a pack of those output blobs and trees. */
  outputs: "/outputs/",
  /** POST `/terminals/ID`, both bodies open: terminal frames (protocol/terminal.ts). */
  terminals: "/terminals/",
  /** PUT, body a pack: blobs of data, kept apart from workspaces. Answers `{ stored: number }`. */
  data: "/data",
  /** POST `{ hashes }`: gives these blobs of data to one other host. Answers a line of JSON ({@link DataOffer}), open until that is over. */
  dataOffer: "/data/offer",
  /** POST `{ offer, hashes }`: fetches blobs of data from another host. Answers lines of JSON ({@link DataFetched}). */
  dataFetch: "/data/fetch",
  /** POST `{ path }`: reads some of what lies there and answers with {@link PlaceLook} as JSON. */
  dataLook: "/data/look",
  /** POST `{ name }`: says whether the Mac has such an account. Answers {@link AccountLook} as JSON. */
  account: "/account",
  /** POST `{}`: looks for engines of models. Answers {@link EngineLook} as JSON. */
  engines: "/engines",
  /** POST, both bodies open: the agent answers a measurement (protocol/bench-talk.ts) over the link itself. */
  benchAnswer: "/bench/answer",
  /** POST `{}`: answers one other host's measurement. Answers a line of JSON ({@link DataOffer}), open until that is over. */
  benchOffer: "/bench/offer",
  /** POST {@link DataOffer} and `durationMs`: measures towards the host that offered. Answers lines of JSON ({@link BenchLine}). */
  benchMeasure: "/bench/measure",
  /** POST {@link ExaminationRequest}: examines the host. Answers lines of JSON (protocol/doctor-wire.ts). */
  doctor: "/doctor",
  /**
   * POST, both bodies open: the bytes of a tunnel (protocol/tunnel.ts). `/tunnels/SEQUENCE/port/PORT` leads to a port that a
   * process of the attempt listens on; with `/look` behind it only waits a while for that, and answers without a body.
   * `/tunnels/SEQUENCE/ssh?key=PUBLIC` is an sshd for that key in the attempt's folder; its host key is in the answer's header.
   */
  tunnels: "/tunnels/",
} as const
