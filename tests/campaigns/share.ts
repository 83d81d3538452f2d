// Makes a test of each campaign: a share of what `npm run chaos` and `npm run soak` run for longer.
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Campaign, conduct } from './campaign.js'

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)

/** A test for each; `npm test` runs them. */
export function testShareOf(campaigns: readonly Campaign[]): void {
  for (const campaign of campaigns) {
    const proves = campaign.guarantees.map((guarantee) => `guarantee:${guarantee}`).join(', ')
    test(`${proves}: ${campaign.name}: ${campaign.sentence}`, async () => {
      const { failures, trials } = await conduct(campaign, 'share', seed)
      assert.is(failures.length, 0, `seed ${seed}\n${failures.slice(0, 10).join('\n')}`)
      assert.ok(trials > 0, 'nothing was tried')
    })
  }
  test.run()
}
