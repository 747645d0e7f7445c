/** The release this agent belongs to. */
export const AGENT_VERSION = "0.1.0"
