import { MEASURED_ENVOY } from '../envoy/measured.ts'

/** What an image is for. */
export type ImageRole = 'envoy' | 'node' | 'reaper'

export interface ImageSource {
  /** The variable by which a user names another one. */
  variable: 'CHAOS_ENVOY_IMAGE' | 'CHAOS_NODE_IMAGE' | 'RYUK_CONTAINER_IMAGE'
  /** What is pulled where nothing is named. */
  published: string
  /** What `chaos doctor --fix` builds in its place, below the prefix of local images. */
  local: string
  /** What it is, for messages. */
  what: string
}

export const IMAGES: Record<ImageRole, ImageSource> = {
  envoy: {
    variable: 'CHAOS_ENVOY_IMAGE',
    published: `envoyproxy/envoy:v${MEASURED_ENVOY}`,
    local: `envoy:${MEASURED_ENVOY}`,
    what: 'Envoy',
  },
  node: { variable: 'CHAOS_NODE_IMAGE', published: 'node:24-slim', local: 'node:24', what: 'Node for the stubs' },
  // The version of testcontainers 12.2; a test holds it to what testcontainers itself would take.
  reaper: {
    variable: 'RYUK_CONTAINER_IMAGE',
    published: 'testcontainers/ryuk:0.14.0',
    local: 'reaper:1',
    what: 'the reaper of killed runs',
  },
}

/** Where images that were built from packages are. */
export const LOCAL = 'chaos-local'
/** What the local images stand on. */
export const LOCAL_BASE = 'base:debian'
