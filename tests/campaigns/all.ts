// Every campaign there is.
import { callCampaigns } from './calls/index.js'
import type { Campaign } from './campaign.js'
import { processCampaigns } from './processes/index.js'

export const campaigns: readonly Campaign[] = [...processCampaigns, ...callCampaigns]
