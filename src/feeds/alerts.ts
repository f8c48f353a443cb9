import { ALERTS } from "../cef/mapping/alerts.ts";
import type { JsonRecord, JsonValue } from "../event/event.ts";
import { type FeedDefinition, at } from "./definition.ts";

/** The fields that the console's answers have been seen with; one that it does not know would refuse the whole query. */
const query = (order: "ASC" | "DESC"): string => `query Alerts($first: Int, $after: String, $filters: [FilterInput!]) {
  alerts(first: $first, after: $after, filters: $filters, sort: { by: "updatedAt", order: ${order} }) {
    edges {
      cursor
      node {
        id externalId name description severity status result analystVerdict classification confidenceLevel
        attackSurfaces createdAt updatedAt detectedAt firstSeenAt lastSeenAt noteExists dataSources storylineId ticketId
        analytics { uid name typeValue category }
        detectionSource { product vendor }
        asset {
          id name agentUuid agentVersion assetTypeClassifier category subcategory connectivityToConsole osType osVersion
          pendingReboot lastLoggedInUser policy
        }
        detectionTime {
          asset { agentVersion consoleIpAddress domain ipV4 ipV6 lastLoggedInUser osName osRevision osType policy }
          kubernetes { clusterName namespaceName nodeName podName containerId containerImageName containerName controllerName controllerType }
          scope { accountId accountName siteName groupName }
        }
        process { cmdLine parentName file { certSubject md5 name path sha1 sha256 } }
        realTime { scope { account { id name } group { id name } site { id name } } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}`;

/** The numeric id is the same in both lists, and that of the activities. */
function unifiedId(record: JsonRecord): JsonValue | undefined {
  const { externalId } = record;
  return externalId === null || externalId === "" ? record["id"] : (externalId ?? record["id"]);
}

export const alerts: FeedDefinition = {
  name: "alerts",
  description: "Alerts: unified alerts, or on older consoles those of custom detection rules (STAR).",
  forwards:
    "each alert at first sight and each later version of it; on consoles without unified alerts each alert once, because the older list can not be asked for changes",
  permission: "Custom Alerts.view",
  every: "30s",
  start: "now",
  source: {
    read: "alerts",
    unified: {
      read: "window",
      path: "unifiedalerts/graphql",
      timeField: "updatedAt",
      time: (record) => record["updatedAt"],
      id: unifiedId,
      isObject: true,
      graphql: { field: "alerts", query },
    },
    legacy: {
      read: "window",
      path: "cloud-detection/alerts",
      timeField: "reportedAt",
      sortBy: "alertInfoReportedAt",
      time: (record) => at(record, "alertInfo", "reportedAt"),
      version: (record) => at(record, "alertInfo", "updatedAt") ?? at(record, "alertInfo", "reportedAt"),
      id: (record) => at(record, "alertInfo", "alertId"),
      isObject: true,
    },
  },
  mapping: ALERTS,
};
