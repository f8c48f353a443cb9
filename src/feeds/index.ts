import type { FeedName } from "../event/event.ts";
import { accounts } from "./accounts.ts";
import { activities } from "./activities.ts";
import { agents } from "./agents.ts";
import { alerts } from "./alerts.ts";
import { applicationRisks } from "./application-risks.ts";
import { applications } from "./applications.ts";
import { blocklist } from "./blocklist.ts";
import type { FeedDefinition } from "./definition.ts";
import { deviceControlEvents } from "./device-control-events.ts";
import { deviceControlRules } from "./device-control-rules.ts";
import { exclusions } from "./exclusions.ts";
import { firewallRules } from "./firewall-rules.ts";
import { groups } from "./groups.ts";
import { policies } from "./policies.ts";
import { ranger } from "./ranger.ts";
import { rogues } from "./rogues.ts";
import { serviceUsers } from "./service-users.ts";
import { sites } from "./sites.ts";
import { threats } from "./threats.ts";
import { users } from "./users.ts";

/** Every feed, in the order of the reference pages. */
export const FEEDS: Readonly<Record<FeedName, FeedDefinition>> = {
  activities,
  threats,
  alerts,
  device_control_events: deviceControlEvents,
  agents,
  applications,
  application_risks: applicationRisks,
  groups,
  sites,
  accounts,
  policies,
  exclusions,
  blocklist,
  firewall_rules: firewallRules,
  device_control_rules: deviceControlRules,
  users,
  service_users: serviceUsers,
  rogues,
  ranger,
};
