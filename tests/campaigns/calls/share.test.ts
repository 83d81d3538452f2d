// A share of every campaign of this folder.
// timeout: 300 s
import { testShareOf } from '../share.js'
import { callCampaigns } from './index.js'

testShareOf(callCampaigns)
