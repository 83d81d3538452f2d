// A share of every campaign of this folder.
// timeout: 300 s
import { testShareOf } from '../share.js'
import { processCampaigns } from './index.js'

testShareOf(processCampaigns)
