import { getReaperImage } from 'testcontainers/build/reaper/reaper.js'
import { expect, test } from 'vitest'
import { IMAGES } from '../../../src/containers/image-names.ts'

test('the reaper that is pulled is the one of this version of testcontainers', () => {
  expect(process.env.RYUK_CONTAINER_IMAGE).toBeUndefined()
  expect(IMAGES.reaper.published).toBe(getReaperImage())
})
