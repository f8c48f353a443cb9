/**
 * The query parameters that the list endpoints know, as of the vendor's API document 2.1. An endpoint's path, then its
 * parameters by type; what is indented further goes on the line before. `createdAt__*` is `__gt`, `__gte`, `__lt` and
 * `__lte`; `paging: 1000` is the six parameters of paging with this greatest limit.
 */
export const VENDOR_PARAMETERS = `
activities
  paging: 1000
  between: createdAt__between
  boolean: includeHidden
  date: createdAt__*
  list 500: accountIds groupIds siteIds
  list 5000: activityTypes activityUuids agentIds alertIds ids relatedIds ruleIds threatIds userEmails userIds
  one of id|activityType|createdAt: sortBy
threats
  paging: 1000
  boolean: agentIsActive externalTicketExists failedActions hasAgentTags mitigatedPreemptively noteExists
    pendingActions rebootRequired resolved tenant
  date: createdAt__* updatedAt__*
  list 10: commandLineArguments__contains computerName__contains containerImageName__contains
    containerLabels__contains containerName__contains contentHash__contains detectionAgentDomain__contains
    detectionAgentVersion__contains externalTicketId__contains filePath__contains initiatedByUsername__contains
    k8sClusterName__contains k8sControllerLabels__contains k8sControllerName__contains
    k8sNamespaceLabels__contains k8sNamespaceName__contains k8sNodeLabels__contains k8sNodeName__contains
    k8sPodLabels__contains k8sPodName__contains originatedProcess__contains osNames osNamesNin
    publisherName__contains realtimeAgentVersion__contains storyline__contains threatDetails__contains
    uuid__contains
  list 255: awsRole__contains awsSecurityGroups__contains awsSubnetIds__contains azureResourceGroup__contains
    cloudAccount__contains cloudImage__contains cloudInstanceId__contains cloudInstanceSize__contains
    cloudLocation__contains cloudNetwork__contains gcpServiceAccount__contains
  list 500: accountIds groupIds siteIds
  list 5000: agentIds agentVersions agentVersionsNin classifications classificationsNin cloudProvider
    cloudProviderNin collectionIds contentHashes externalTicketIds ids storylines
  list 5000 of 32 bit|64 bit|ARM64: osArchs
  list 5000 of Cloud|Behavioral|Static|Engine: classificationSources classificationSourcesNin
  list 5000 of agent_policy|full_disk_scan|sentinelctl|dv_command|console_api|on_demand_scan|star_active|
    star_manual|cloud_detection|threat_intelligence|watchtower_cloud_detection:
    initiatedBy initiatedByNin
  list 5000 of malicious|suspicious|n/a: confidenceLevels confidenceLevelsNin
  list 5000 of not_mitigated|mitigated|marked_as_benign: mitigationStatuses mitigationStatusesNin
  list 5000 of reputation|sentinelone_cloud|cloud_detection|user_blacklist|pre_execution|
    pre_execution_suspicious|executables|data_files|exploits|penetration|pup|lateral_movement|remote_shell|
    manual|application_control|threat_intelligence|watchtower_cloud_detection|driver_blocking:
    detectionEngines detectionEnginesNin engines enginesNin
  list 5000 of undefined|true_positive|false_positive|suspicious:
    analystVerdicts analystVerdictsNin
  list 5000 of unknown|desktop|laptop|server|kubernetes node|storage|kubernetes pod:
    agentMachineTypes agentMachineTypesNin
  list 5000 of unresolved|in_progress|resolved: incidentStatuses incidentStatusesNin
  list 5000 of windows|windows_legacy|linux|macos: osTypes osTypesNin
  one of id|createdAt|updatedAt|mitigationStatus|fileDisplayName|agentVersion|agentMachineType|siteId|siteName|
    agentComputerName|filePath|contentHash|collectionId|classification|createdDate|cloudAccount|cloudImage|
    cloudInstanceId|cloudInstanceSize|cloudLocation|cloudNetwork:
    sortBy
  text: agentTagsData countsFor displayName query
threats/{threat_id}/timeline
  paging: 1000
  list 500: accountIds groupIds siteIds
  list 5000: activityTypes
  one of hash|activityType|primaryDescription|secondaryDescription|createdAt:
    sortBy
  text: query
threats/{threat_id}/notes
  paging: 1000
  one of createdAt|updatedAt: sortBy
  text: creatorId creator__like
agents
  paging: 1000
  between: createdAt__between decommissionedAt__between lastActiveDate__between lastSuccessfulScanDate__between
    registeredAt__between threatCreatedAt__between updatedAt__between
  boolean: encryptedApplications hasLocalConfiguration hasTags infected isActive isPendingUninstall isUpToDate
    remoteOpsForensicsSupported threatHidden threatResolved
  date: createdAt__* decommissionedAt__* lastActiveDate__* lastSuccessfulScanDate__* registeredAt__*
    threatCreatedAt__* updatedAt__*
  integer: activeThreats activeThreats__gt coreCount__* cpuCount__* totalMemory__*
  list 10: adComputerMember__contains adComputerName__contains adComputerQuery__contains adQuery__contains
    adUserMember__contains adUserName__contains adUserQuery__contains computerName__contains externalIp__contains
    lastLoggedInUserName__contains networkInterfaceGatewayMacAddress__contains networkInterfaceInet__contains
    networkInterfacePhysical__contains osVersion__contains uuid__contains
  list 255: agentNamespace__contains agentPodName__contains awsRole__contains awsSecurityGroups__contains
    awsSubnetIds__contains azureResourceGroup__contains cloudAccount__contains cloudImage__contains
    cloudInstanceId__contains cloudInstanceSize__contains cloudLocation__contains cloudNetwork__contains
    cloudTags__contains clusterName__contains cpuId__contains externalId__contains gcpServiceAccount__contains
    k8sNodeLabels__contains k8sNodeName__contains k8sType__contains k8sVersion__contains liveUpdateId__contains
    serialNumber__contains
  list 500: accountIds groupIds siteIds
  list 5000: agentVersions agentVersionsNin cloudProvider cloudProviderNin domains domainsNin filteredGroupIds
    filteredSiteIds firewallEnabled ids isDecommissioned isUninstalled locationEnabled locationIds locationIdsNin
    networkQuarantineEnabled operationalStates operationalStatesNin rangerVersions rangerVersionsNin
    remoteProfilingStates remoteProfilingStatesNin threatRebootRequired uuids
  list 5000 of .msi|.exe|.deb|.rpm|.bsx|.pkg|.img|unknown|.tar|.zip|.gz|.xz:
    installerTypes installerTypesNin
  list 5000 of N/A|Pending|Migrated|Failed: consoleMigrationStatuses consoleMigrationStatusesNin
  list 5000 of NotApplicable|Enabled|Disabled: rangerStatuses rangerStatusesNin
  list 5000 of connected|disconnected|connecting|disconnecting:
    networkStatuses networkStatusesNin
  list 5000 of none|started|aborted|finished: scanStatuses scanStatusesNin
  list 5000 of none|user_action_needed|reboot_needed|upgrade_needed|incompatible_os|unprotected|
    rebootless_without_dynamic_detection|extended_exclusions_partially_accepted|reboot_required|
    pending_deprecation|ne_not_running|ne_cf_not_active|reboot_category|missing_permissions_category|
    agent_suppressed_category|incompatible_os_category|unprotected_category|partial_functionality:
    userActionsNeeded userActionsNeededNin
  list 5000 of patch_required|up_to_date|not_applicable: appsVulnerabilityStatuses appsVulnerabilityStatusesNin
  list 5000 of unknown|desktop|laptop|server|kubernetes node|storage|kubernetes pod:
    machineTypes machineTypesNin
  list 5000 of user_action_needed_fda|user_action_needed_rs_fda|user_action_needed_fda_helper|
    user_action_needed_fda_sentineld|user_action_needed_bluetooth_per|user_action_needed_network|
    user_action_needed_notifications:
    missingPermissions missingPermissionsNin
  list 5000 of windows|windows_legacy|linux|macos: osTypes osTypesNin
  one of 32 bit|64 bit|ARM64: osArch
  one of N/A|Pending|Migrated|Failed: migrationStatus
  one of NotApplicable|Enabled|Disabled: rangerStatus
  one of createdAt|updatedAt|id|computerName|groupId|osType|osName|uuid|scanStatus|isDecommissioned|
    decommissionedAt|isUninstalled|threatMitigationStatus|threatResolved|threatContentHash|threatCreatedAt|
    registeredAt|lastActiveDate|isActive|isPendingUninstall|activeThreats|isUpToDate|agentVersion|osArch|
    machineType|networkStatus|domain|mitigationMode|mitigationModeSuspicious|encryptedApplications|totalMemory|
    cpuCount|coreCount|externalIp|lastLoggedInUserName|groupName|networkInterfacePhysical|siteId|siteName|
    infected|threatRebootRequired|consoleMigrationStatus|appsVulnerabilityStatus|accountName|externalId|
    installerType|rangerVersion|operationalState|remoteProfilingState|networkQuarantineEnabled|firewallEnabled|
    locationEnabled|cloudAccount|cloudImage|cloudInstanceId|cloudInstanceSize|cloudLocation|cloudNetwork|
    cloudProvider|clusterName|kubernetesVersion|kubernetesType|agentNamespace|agentPodName|serialNumber|cpuId|
    fullDiskScanLastUpdatedAt|lastSuccessfulScanDate:
    sortBy
  one of detect|protect: mitigationMode mitigationModeSuspicious
  one of mitigated|blocked|active|suspicious|pending|suspicious_resolved:
    threatMitigationStatus
  one of none|pro|ars: rsoLevel
  one of none|started|aborted|finished: scanStatus
  text: adQuery agentVersion__between agentVersion__* computerName computerName__like coreCount__between
    cpuCount__between csvFilterId filterId gatewayIp query tagsData threatContentHash totalMemory__between uuid
groups
  paging: 300
  boolean: isDefault
  date: updatedAt__*
  integer: rank
  list 500: accountIds groupIds siteIds
  list 5000 of static|dynamic|pinned: types
  one of id|name|type|rank|siteId|createdAt|updatedAt|description:
    sortBy
  one of static|dynamic|pinned: type
  text: description id name query registrationToken
sites
  paging: 1000
  boolean: adminOnly availableMoveSites healthStatus isDefault
  date: createdAt expiration updatedAt
  integer: activeLicenses totalLicenses
  list 10: accountName__contains description__contains name__contains
  list 500: accountIds siteIds
  list 5000: states
  list 5000 of firewall-control|device-control|ioc: features
  one of Core|Control|Complete: suite
  one of Trial|Paid: siteType
  one of active|expired|deleted: state
  one of id|name|totalLicenses|expiration|siteType|state|suite|createdAt|updatedAt|activeLicenses|accountName|
    sku|description:
    sortBy
  text: accountId description externalId module name query registrationToken sku
accounts
  paging: 1000
  boolean: isDefault
  date: createdAt expiration updatedAt
  integer: activeLicenses totalLicenses
  list 5000: accountIds ids states
  list 5000 of firewall-control|device-control|ioc: features
  one of Trial|Paid: accountType
  one of customer|mssp: usageType
  one of id|name|totalLicenses|expiration|accountType|state|createdAt|updatedAt|activeLicenses|activeAgents|
    numberOfSites|usageType|billingMode:
    sortBy
  one of subscription|consumption: billingMode
  text: name query
cloud-detection/alerts
  paging: 1000
  boolean: disablePagination tenant
  date: createdAt__* reportedAt__*
  list 10: origAgentOsRevision__contains origAgentVersion__contains
  list 500: accountIds groupIds siteIds
  list 5000: containerImageName__contains containerLabels__contains containerName__contains ids
    k8sCluster__contains k8sControllerLabels__contains k8sControllerName__contains k8sNamespaceLabels__contains
    k8sNamespaceName__contains k8sNode__contains k8sPodLabels__contains k8sPod__contains machineType
    origAgentName__contains origAgentUuid__contains ruleName__contains sourceProcessCommandline__contains
    sourceProcessFileHashMd5__contains sourceProcessFileHashSha1__contains sourceProcessFileHashSha256__contains
    sourceProcessFilePath__contains sourceProcessName__contains sourceProcessStoryline__contains
  list 5000 of Low|Medium|High|Critical: severity
  list 5000 of UNDEFINED|TRUE_POSITIVE|FALSE_POSITIVE|SUSPICIOUS:
    analystVerdict
  list 5000 of UNRESOLVED|IN_PROGRESS|RESOLVED: incidentStatus
  list 5000 of site|global|account|group: scopes
  list 5000 of windows_legacy|windows|linux|macos: osType
  one of id|machineType|osName|incidentStatus|analystVerdict|severity|agentDetectionInfoMachineType|
    agentDetectionInfoName|agentDetectionInfoOsFamily|agentDetectionInfoOsName|agentDetectionInfoOsRevision|
    agentDetectionInfoSiteId|agentDetectionInfoUuid|agentDetectionInfoVersion|alertInfoAlertId|
    alertInfoAnalystVerdict|alertInfoCreatedAt|alertInfoDvEventId|alertInfoEventType|alertInfoHitType|
    alertInfoIncidentStatus|alertInfoReportedAt|alertInfoSource|containerInfoId|containerInfoImage|
    containerInfoLabels|containerInfoName|kubernetesInfoCluster|kubernetesInfoControllerKind|
    kubernetesInfoControllerLabels|kubernetesInfoControllerName|kubernetesInfoNamespace|
    kubernetesInfoNamespaceLabels|kubernetesInfoNode|kubernetesInfoPod|kubernetesInfoPodLabels|
    ruleInfoDescription|ruleInfoId|ruleInfoName|ruleInfoScopeLevel|ruleInfoSeverity|ruleInfoTreatAsThreat|
    sourceParentProcessInfoCommandline|sourceParentProcessInfoFileHashMd5|sourceParentProcessInfoFileHashSha1|
    sourceParentProcessInfoFileHashSha256|sourceParentProcessInfoFilePath|
    sourceParentProcessInfoFileSignerIdentity|sourceParentProcessInfoName|sourceParentProcessInfoPid|
    sourceParentProcessInfoPidStarttime|sourceParentProcessInfoStoryline|sourceParentProcessInfoIntegrityLevel|
    sourceParentProcessInfoSubsystem|sourceParentProcessInfoUser|sourceProcessInfoCommandline|
    sourceProcessInfoFileHashMd5|sourceProcessInfoFileHashSha1|sourceProcessInfoFileHashSha256|
    sourceProcessInfoFilePath|sourceProcessInfoFileSignerIdentity|sourceProcessInfoName|sourceProcessInfoPid|
    sourceProcessInfoPidStarttime|sourceProcessInfoStoryline|sourceProcessInfoIntegrityLevel|
    sourceProcessInfoSubsystem|sourceProcessInfoUser:
    sortBy
  text: query
device-control/events
  paging: 1000
  between: eventTime__between
  boolean: tenant
  date: eventTime__*
  list 500: accountIds groupIds siteIds
  list 5000: agentIds deviceClasses deviceIds eventIds eventTypes ids productIds serviceClasses uids vendorIds
  list 5000 of Read-Only|Read-Write|Not-Applicable: access_permissions
  list 5000 of USB|Bluetooth|Thunderbolt: interfaces
  one of id|eventTime|eventType|agentId: sortBy
  text: query
device-control
  paging: 1000
  between: createdAt__between
  boolean: disablePagination tenant
  date: createdAt__*
  list 500: accountIds groupIds siteIds
  list 5000: bluetoothAddresses deviceClasses deviceIds deviceInformationServiceInfoKeys deviceNames gattServices
    ids manufacturerNames minorClasses productIds serviceClasses uids vendorIds versions
  list 5000 of Allow|Block: actions
  list 5000 of Enabled|Disabled: statuses
  list 5000 of Read-Only|Read-Write|Not-Applicable: accessPermissions
  list 5000 of USB|Bluetooth|Thunderbolt: interfaces
  list 5000 of account|global|group|site: scopes
  one of id|interface|deviceClass|ruleName|action|status|order|version:
    sortBy
  text: query ruleName
firewall-control
  paging: 1000
  between: createdAt__between
  boolean: disablePagination tenant
  date: createdAt__*
  list 10: application__contains name__contains protocol__contains service__contains tagName__contains
  list 500: accountIds groupIds siteIds
  list 5000: applications ids locationIds protocols tagIds
  list 5000 of Allow|Block: actions
  list 5000 of Enabled|Disabled: statuses
  list 5000 of account|global|group|site: scopes
  list 5000 of any|inbound|outbound: directions
  list 5000 of windows|windows_legacy|linux|macos: osTypes
  one of id|name|action|status|order: sortBy
  text: name query
installed-applications
  paging: 1000
  between: installedAt__between
  list 10: agentComputerName__contains agentOsVersion__contains agentUuid__contains name__contains
    publisher__contains version__contains
  list 500: accountIds groupIds siteIds
  list 5000: agentIsDecommissioned ids
  list 5000 of app|kb|patch|chromeExtension|edgeExtension|firefoxExtension|safariExtension:
    types typesNin
  list 5000 of none|low|medium|high|critical: riskLevels riskLevelsNin
  list 5000 of unknown|desktop|laptop|server|kubernetes node|storage|kubernetes pod:
    agentMachineTypes agentMachineTypesNin
  list 5000 of windows|windows_legacy|linux|macos: osTypes osTypesNin
  one of id|installedAt|type|name|publisher|version|size|agentComputerName|riskLevel|createdAt|updatedAt:
    sortBy
  text: size__between
application-management/risks
  paging: 1000
  between: detectionDate__between publishedDate__between riskUpdatedDate__between
  boolean: includeRemovals
  date: detectionDate__* publishedDate__* riskUpdatedDate__*
  integer: daysFromCveDetection
  list 1: accountIds groupIds siteIds
  list 100: applicationVendor__contains application__contains domain__contains endpointName__contains
  list 50: cveId__contains
  list 5000: applicationNames domains endpointTypes exploitCodeMaturity exploitedInTheWild osTypes osVersions
    remediationLevels reportConfidence severities vendors
  list 5000 of Default|False Positive|Added CVE: analystVerdict
  list 5000 of NOT_MITIGATED|TO_BE_PATCHED|ON_HOLD: mitigationStatus
  list 5000 of Succeeded|Failed: lastScanResults
  one of id|accountId|siteId|cveId|endpointName|application|applicationVendor|baseScore|severity|daysDetected|
    detectionDate|publishedDate|lastScanDate|lastScanResult|nvdBaseScore|riskScore|exploitCodeMaturity|
    remediationLevel|reportConfidence|mitigationStatus:
    sortBy
  text: riskScore__between
application-management/inventory
  paging: 1000
  list 1: accountIds groupIds siteIds
  list 100: endpointName__contains endpointUuid__contains name__contains osVersion__contains vendor__contains
  list 5000: osArchitectures osTypes osVersions vendors
  one of applicationName|applicationVendor|applicationVersionsCount|endpointsCount:
    sortBy
exclusions
  paging: 1000
  between: createdAt__between updatedAt__between
  boolean: imported inAppInventory includeChildren includeParents tenant unified
  date: createdAt__* updatedAt__*
  list 15: description__contains
  list 20: applicationName__contains user__contains value__contains
  list 500: accountIds groupIds siteIds
  list 5000: ids userIds
  list 5000 of Not recommended|Not allowed|NONE: recommendations
  list 5000 of file|folder|subfolders: pathExclusionTypes
  list 5000 of path|certificate|browser|file_type|white_hash|dv_exclusions:
    types
  list 5000 of suppress|suppress_dynamic_only|suppress_dfi_only|disable_in_process_monitor|
    disable_in_process_monitor_deep|disable_all_monitors|disable_all_monitors_deep|suppress_app_control:
    modes
  list 5000 of user|cloud|action_from_threat|catalog: source
  list 5000 of windows|windows_legacy|linux|macos: osTypes
  one of id|createdAt|updatedAt|mode|source|description|pathExclusionType|osType|scope|subfolders|type|userName|
    scopePath|value|actions|imported|applicationName|inAppInventory:
    sortBy
  one of path|certificate|browser|file_type|white_hash|dv_exclusions:
    type
  one of suppression|agent_interaction: modeType
  text: query value
unified-exclusions
  paging: 1000
  between: createdAt__between updatedAt__between
  boolean: imported includeChildren includeParents tenant
  date: createdAt__* updatedAt__*
  list 15: description__contains
  list 20: applicationName__contains exclusionName__contains scopePath__contains user__contains value__contains
  list 500: accountIds groupIds siteIds
  list 5000: ids userIds
  list 5000 of EDR|IDR: threatType
  list 5000 of Not recommended|Not allowed|NONE: recommendation
  list 5000 of disable_all_monitors|disable_in_process_monitor|identity_only:
    interactionLevel
  list 5000 of file|folder|subfolders: pathExclusionTypes
  list 5000 of suppress|suppress_dfi_only|suppress_dynamic_only|suppress_app_control|ad_secure_ep:
    engines
  list 5000 of user|cloud|action_from_threat|catalog: source
  list 5000 of white_hash|path|certificate|file_type|browser|user|host|process:
    conditions
  list 5000 of windows|windows_legacy|linux|macos: osTypes
  one of id|createdAt|updatedAt|source|description|osType|scope|userName|scopePath|recommendation|
    interactionLevel|childProcess|reason|user|threatType|engines:
    sortBy
  one of suppression|agent_interaction: modeType
restrictions
  paging: 1000
  between: createdAt__between updatedAt__between
  boolean: imported includeChildren includeParents tenant unified
  date: createdAt__* updatedAt__*
  list 15: description__contains
  list 20: user__contains value__contains
  list 500: accountIds groupIds siteIds
  list 5000: ids userIds
  list 5000 of Not recommended|Not allowed|NONE: recommendations
  list 5000 of black_hash: types
  list 5000 of suppress|suppress_dynamic_only|suppress_dfi_only|disable_in_process_monitor|
    disable_in_process_monitor_deep|disable_all_monitors|disable_all_monitors_deep|suppress_app_control:
    modes
  list 5000 of user|cloud|action_from_threat|catalog: source
  list 5000 of windows|windows_legacy|linux|macos: osTypes
  one of black_hash: type
  one of id|createdAt|updatedAt|osType|description|scope|value|userName|source|scopePath|imported:
    sortBy
  text: query value
rogues/table-view
  paging: 1000
  between: firstSeen__between lastSeen__between
  boolean: tenant
  date: firstSeen__* lastSeen__*
  list 10: osVersion__contains
  list 100: manufacturer__contains
  list 16: macAddress__contains
  list 20: externalIp__contains localIp__contains
  list 50: hostnames__contains
  list 500: accountIds groupIds siteIds
  list 5000: deviceTypes hostnames ids osTypes
  one of osType|osName|id|deviceType|osVersion|manufacturer|firstSeen|lastSeen|macAddress|localIp|externalIp:
    sortBy
  text: deviceType externalIp localIp macAddress manufacturer osName osType osVersion query
ranger/table-view
  paging: 1000
  between: firstSeen__between lastSeen__between
  date: firstSeen__* lastSeen__*
  list 1: accountIds siteIds
  list 10: osVersion__contains
  list 100: manufacturer__contains tagName__contains
  list 16: deviceFunction__contains gatewayMacAddress__contains macAddress__contains networkName__contains
  list 20: externalIp__contains localIp__contains subnetAddress__contains
  list 50: hostnames__contains
  list 5000: agentIds deviceReviews deviceTypes discoveryMethods domains hostnames ids managedStates osTypes
    siteNames tcpPorts__contains udpPorts__contains
  list 5000 of Manufacturer|Hostname|OS version|MAC Address: knownFingerprintingData
  one of latest|last12h|last24h|last3d|last7d: period
  one of osType|osName|id|deviceType|osVersion|managedState|manufacturer|firstSeen|lastSeen|subnetAddress|
    gatewayMacAddress|macAddress|localIp|externalIp|archived|networkName|deviceReview|domain|hasUserLabel:
    sortBy
  text: deviceType externalIp gatewayMacAddress localIp macAddress managedState manufacturer networkName osName
    osType osVersion query
users
  paging: 1000
  between: apiTokenExpiresAt__between createdAt__between lastActivation__between
  boolean: canGenerateApiToken emailReadOnly emailVerified fullNameReadOnly groupsReadOnly hasValidApiToken
    twoFaEnabled
  date: apiTokenExpiresAt__* createdAt__* dateJoined firstLogin lastActivation__* lastLogin
  list 10: email__contains
  list 500: accountIds siteIds
  list 5000: fullName__contains ids roleIds twoFaStatuses
  list 5000 of mgmt|sso_saml|active_directory: sources
  one of id|createdAt|fullName|firstLogin|lastLogin|source|email|emailVerified|dateJoined|roleId|twoFaEnabled|
    twoFaStatus|apiTokenCreatedAt|apiTokenExpiresAt|canGenerateApiToken:
    sortBy
  one of mgmt|sso_saml|active_directory: source
  text: email fullName primaryTwoFaMethod query twoFaStatus
service-users
  paging: 1000
  list 500: accountIds siteIds
  list 5000: ids roleIds
  one of id|createdAt|updatedAt|name|fullName|description|firstLogin|lastLogin|dateJoined|roleId|
    apiTokenCreatedAt|apiTokenExpiresAt|lastActivation|createdByName|updatedByName:
    sortBy
  text: query
user
  boolean: tenant
  list 500: accountIds groupIds siteIds
agents/applications
  list 5000: ids
`;
