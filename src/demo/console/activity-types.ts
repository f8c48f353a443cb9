import type { Answer } from "./vendor-answers.ts";

const NAMES = `
2 Hash Defined as Malicious By Cloud
5 Agent Software Update Downloaded
16 Agent software updated
17 Agent subscribed
18 New Threat Mitigated
19 New Malicious Threat Not Mitigated
20 New Threat Preemptive Block
21 Threat Resolved
22 Threat Benign
23 User Added
24 User Modified
25 User Deleted
26 Management Updated
27 User Logged In
33 User Logged Out
37 User modified
43 Agent updated
47 Agent Decommissioned
49 Agent Request Uninstall
51 Agent Uninstalled
52 User Approved Agent Uninstall Request
53 User Rejected Agent Uninstall Request
54 User Decommissioned Agent
57 Quarantine Network Settings Modified
61 User Disconnected Agent From Network
62 User Reconnected Agent to Network
66 Agent Uploaded Full Log Report
68 Engine Modified In Policy
71 Scan Initiated
77 Agent UI Settings Modified
79 Agent Logging Modified
83 Monitor On Write
86 Agent Uploaded Threat File
90 Agent Started Full Disk Scan
91 Agent Aborted Full Disk Scan
92 Agent Completed Full Disk Scan
93 User Reset Agent's Local Config
98 Agent Was Not Moved To Another Console
116 Policy Settings Modified
120 Agent Enabled
121 User Started Remote Profiling
122 User Stopped Remote Profiling
126 Agent Disabled
127 Agent Disabled
128 Agent Disabled Because of Database Corruption
129 Allowed Domains Settings Changed
133 Existing User Login Failure
134 Unknown User Login
139 User Failed to Start an Unrestricted Session
142 Service User deletion
150 Live Security Updates Policy Modified
1001 Agent Disconnected From Network
1002 Agent ReConnected To Network
1501 Location Created
2001 Threat Mitigation Report Kill Success
2002 Threat Mitigation Report Remediate Success
2003 Threat Mitigation Report Rollback Success
2004 Threat Mitigation Report Quarantine Success
2006 Threat Mitigation Report Kill Failed
2007 Threat Mitigation Report Remediate Failed
2008 Threat Mitigation Report Rollback Failed
2009 Threat Mitigation Report Quarantine Failed
2010 Agent Mitigation Report Quarantine Network Failed
2011 User Issued Kill Command
2016 User Marked Application As Threat
2028 Threat Incident Status Changed
2029 Ticket Number Changes
2030 Analyst Verdict Changes
2036 Threat Confidence Level Changed By Agent
2037 Threat Confidence Level Changed By Cloud
2100 Upgrade Policy - Concurrency Limit Changed
2101 Upgrade Policy - Concurrency Limit Inheritance Changed
3002 User Added Blacklist Hash
3005 Cloud Added Hash Exclusion
3006 Cloud Added Blacklist Hash
3008 New Path Exclusion
3016 Path Exclusion Deleted
3017 Signer Identity Exclusion Deleted
3018 File Type Exclusion Deleted
3019 Browser Type Exclusion Deleted
3020 User Deleted Hash From Blacklist
3021 User Deleted Hash Exclusion
3200 User Started Remote Shell
3500 User Toggled Ranger Status
3505 Ranger - Devices Discovered
3600 Custom Rules - User Created A Rule
3601 Custom Rules - User Changed A Rule
3602 Custom Rules - User Deleted A Rule
3608 Custom Rules - New Alert
3610 Account Uninstall Password Viewed
3611 Account Uninstall Password Generated
3626 User 2FA Email Verification Changed
3750 Auto-Upgrade Policy Created
3767 Local Upgrade Authorized
4001 Suspicious Threat Was Marked As Threat
4002 Suspicious Threat Was Resolved
4003 New Suspicious Threat Not Mitigated
4004 Policy Setting - Show Suspicious Activities Configuration Enabled
4005 Policy Setting - Show Suspicious Activities Configuration Disabled
4006 Remember Me Length Modified
4007 Suspicious Threat Was Marked As Benign
4008 Threat Mitigation Status Changed
4009 Process Was Marked As Threat
4011 Suspicious Threat Was Unresolved
4100 User Marked Deep Visibility Event As Threat
4101 User Marked Deep Visibility Event As Suspicious
5008 Static Group Created
5009 Agent Moved To A Different Group
5010 Group Ranking Changed
5011 Group Policy Reverted
5020 Site Created
5021 Site Modified
5025 Site Marked As Expired
5040 Account Created
5041 Account Modified
5042 Account Deleted
5043 Account Expired
5044 Account Policy Reverted
5045 Account Marked As Expired
5120 Device Rule Created
5121 Device Rule Modified
5125 Device Control Blocked Event
5126 Device Control Approved Event
5127 Device Rule Moved From Scope
5220 Firewall Rule Created
5232 Firewall Control Blocked Event
6000 Mobile Policy updated
7200 Add cloud account
`;

/** The answer to `/activities/types`, for the kinds that matter most; a live console has some 700. */
export const activityTypesAnswer: Answer = {
  status: 200,
  body: JSON.stringify({ data: activityTypes() }),
};

interface ActivityType {
  readonly id: number;
  readonly action: string;
  readonly descriptionTemplate: string;
}

function activityTypes(): ActivityType[] {
  return NAMES.trim()
    .split("\n")
    .map((line) => {
      const space = line.indexOf(" ");
      const action = line.slice(space + 1);
      return { id: Number(line.slice(0, space)), action, descriptionTemplate: `${action}: {{ computer_name }}` };
    });
}
