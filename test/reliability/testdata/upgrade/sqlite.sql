PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO goose_db_version VALUES(1,0,1,'2026-11-21 11:15:42');
INSERT INTO goose_db_version VALUES(2,1,1,'2026-11-21 11:15:42');
INSERT INTO goose_db_version VALUES(3,2,1,'2026-11-21 11:15:42');
INSERT INTO goose_db_version VALUES(4,3,1,'2026-11-21 11:15:42');
INSERT INTO goose_db_version VALUES(5,4,1,'2026-11-21 11:15:42');
INSERT INTO goose_db_version VALUES(6,5,1,'2026-11-21 11:15:42');
INSERT INTO goose_db_version VALUES(7,6,1,'2026-11-21 11:15:42');
INSERT INTO goose_db_version VALUES(8,7,1,'2026-11-21 11:15:42');
INSERT INTO goose_db_version VALUES(9,8,1,'2026-11-21 11:15:42');
INSERT INTO goose_db_version VALUES(10,9,1,'2026-11-21 11:15:42');
INSERT INTO goose_db_version VALUES(11,10,1,'2026-11-21 11:15:42');
INSERT INTO goose_db_version VALUES(12,11,1,'2026-11-21 11:15:42');
INSERT INTO goose_db_version VALUES(13,12,1,'2026-11-21 11:15:42');
INSERT INTO goose_db_version VALUES(14,16,1,'2026-11-21 11:15:42');
CREATE TABLE meta (
	name  TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
);
INSERT INTO meta VALUES('data_key','9c8dbf74');
CREATE TABLE data_keys (
	id         TEXT NOT NULL,
	wrapper_id TEXT NOT NULL,
	wrapped    BYTEA NOT NULL,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (id, wrapper_id)
);
INSERT INTO data_keys VALUES('9c8dbf74','1832206fe555464c',X'b2f298fbfcdfd3f4adfac1482d8f10801ff578e3b5f7ad074a584121ae6fb5ef7311670ced750bbf04e575aa42866c71e140c83a371ce5d29f1adefd',1795259742945);
CREATE TABLE pools (
	id          TEXT NOT NULL PRIMARY KEY,
	region      TEXT NOT NULL,
	name        TEXT NOT NULL,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	version     BIGINT NOT NULL,
	doc         TEXT NOT NULL
);
INSERT INTO pools VALUES('us-east-1_OXZjBnpoi','us-east-1','reliability',1795259743068,1795259743101,10,'{"Pool":{"AccountRecoverySetting":{"RecoveryMechanisms":[{"Name":"verified_email","Priority":1},{"Name":"verified_phone_number","Priority":2}]},"AcrConfiguration":{"Level1":{"AcrValue":"urn:cognito:loa:1"},"Level2":{"AcrValue":"urn:cognito:loa:2"},"Level3":{"AcrValue":"urn:cognito:loa:3"},"Level4":{"AcrValue":"urn:cognito:loa:4"}},"AdminCreateUserConfig":{"AllowAdminCreateUserOnly":false,"UnusedAccountValidityDays":7},"AliasAttributes":["email"],"Arn":"arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_OXZjBnpoi","DeletionProtection":"INACTIVE","DeviceConfiguration":{"ChallengeRequiredOnNewDevice":false,"DeviceOnlyRememberedOnUserPrompt":true},"EmailConfiguration":{"EmailSendingAccount":"COGNITO_DEFAULT"},"EstimatedNumberOfUsers":0,"Id":"us-east-1_OXZjBnpoi","LambdaConfig":{},"MfaConfiguration":"OPTIONAL","Name":"reliability","Policies":{"PasswordPolicy":{"MinimumLength":8,"RequireLowercase":true,"RequireNumbers":true,"RequireSymbols":true,"RequireUppercase":true,"TemporaryPasswordValidityDays":7},"SignInPolicy":{"AllowedFirstAuthFactors":["PASSWORD"]}},"SchemaAttributes":[{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"profile","Required":false,"StringAttributeConstraints":{"MaxLength":"2048","MinLength":"0"}},{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"address","Required":false,"StringAttributeConstraints":{"MaxLength":"2048","MinLength":"0"}},{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"birthdate","Required":false,"StringAttributeConstraints":{"MaxLength":"10","MinLength":"10"}},{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"gender","Required":false,"StringAttributeConstraints":{"MaxLength":"2048","MinLength":"0"}},{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"preferred_username","Required":false,"StringAttributeConstraints":{"MaxLength":"2048","MinLength":"0"}},{"AttributeDataType":"Number","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"updated_at","NumberAttributeConstraints":{"MinValue":"0"},"Required":false},{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"website","Required":false,"StringAttributeConstraints":{"MaxLength":"2048","MinLength":"0"}},{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"picture","Required":false,"StringAttributeConstraints":{"MaxLength":"2048","MinLength":"0"}},{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"identities","Required":false,"StringAttributeConstraints":{}},{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":false,"Name":"sub","Required":true,"StringAttributeConstraints":{"MaxLength":"2048","MinLength":"1"}},{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"phone_number","Required":false,"StringAttributeConstraints":{"MaxLength":"2048","MinLength":"0"}},{"AttributeDataType":"Boolean","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"phone_number_verified","Required":false},{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"zoneinfo","Required":false,"StringAttributeConstraints":{"MaxLength":"2048","MinLength":"0"}},{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"locale","Required":false,"StringAttributeConstraints":{"MaxLength":"2048","MinLength":"0"}},{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"email","Required":false,"StringAttributeConstraints":{"MaxLength":"2048","MinLength":"0"}},{"AttributeDataType":"Boolean","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"email_verified","Required":false},{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"given_name","Required":false,"StringAttributeConstraints":{"MaxLength":"2048","MinLength":"0"}},{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"family_name","Required":false,"StringAttributeConstraints":{"MaxLength":"2048","MinLength":"0"}},{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"middle_name","Required":false,"StringAttributeConstraints":{"MaxLength":"2048","MinLength":"0"}},{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"name","Required":false,"StringAttributeConstraints":{"MaxLength":"2048","MinLength":"0"}},{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"nickname","Required":false,"StringAttributeConstraints":{"MaxLength":"2048","MinLength":"0"}},{"AttributeDataType":"String","DeveloperOnlyAttribute":false,"Mutable":true,"Name":"custom:team","Required":false,"StringAttributeConstraints":{}}],"UserPoolAddOns":{"AdvancedSecurityMode":"OFF"},"UserPoolTags":{"stage":"past"},"UserPoolTier":"ESSENTIALS","VerificationMessageTemplate":{"DefaultEmailOption":"CONFIRM_WITH_CODE"}},"MFA":{"MfaConfiguration":"OPTIONAL","SoftwareTokenMfaConfiguration":{"Enabled":true}}}');
CREATE TABLE pool_users_count (
	pool_id TEXT NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	shard   BIGINT NOT NULL,
	n       BIGINT NOT NULL,
	PRIMARY KEY (pool_id, shard)
);
INSERT INTO pool_users_count VALUES('us-east-1_OXZjBnpoi',4,1);
INSERT INTO pool_users_count VALUES('us-east-1_OXZjBnpoi',2,1);
INSERT INTO pool_users_count VALUES('us-east-1_OXZjBnpoi',1,1);
INSERT INTO pool_users_count VALUES('us-east-1_OXZjBnpoi',8,1);
CREATE TABLE signing_keys (
	pool_id    TEXT NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	kid        TEXT NOT NULL,
	token_use  TEXT NOT NULL,
	private    BYTEA NOT NULL,
	public     BYTEA NOT NULL,
	created_ms BIGINT NOT NULL, signs_ms BIGINT NOT NULL DEFAULT 0, until_ms BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (pool_id, kid)
);
INSERT INTO signing_keys VALUES('us-east-1_OXZjBnpoi','5REKLKBrcZjxiAKQFfJvN8qtsjQnEI0aQvmw0sA0eQk=','id',X'9c8dbf749b460373cc9d426cdbf79e4a1e44e43fd16cb05bce7842cf345cfd44f175c249ce29f9f7dd0f47615efba55d217b5cc2103eaa4c7862c279c0753befd77603645061e218771f27dedf2d48439e1b1b6b3115687b7ec4719da0294fd40e56aec6beac6848e52737485611d915414ef62311325504161c051aa5cd026076cb36d11e4784336409c11e34c11b1963a0f6314d13bd25cd35356f0b2ff0f0b9545107cfe7df403dcb1386b11431ef9058fb02a5ad07bd81bc5535b8e4d54bce68d76056f74f1b4b9dd1ca847a4ff7be1849e0242aea03a73d78197d1ffbf71b7ae3153c4b882028ca9af88e8cd908702fe23fa393dd67805d4e7ae67f91d393276a26d047d878e2f9406e7badeb5c956a4829e8f43c401026450f70e0362e261bb5c9227a9de7c237f07f49c12d007f002c0f3848deac73735cc475a23e5024b1b945c5bc9490f5cf718500114c34a9250793f883403443eb8b9c89ed65fcfa43f1c32293bba82867d3032bb4a31716083c7737000bbec18749f216aea9cfefcfcfad2e4006f4d005113dcba23606582417f784ef39b5a6f6becc5ee431ed69d7ecb840ead984f11140884f25cad3013c27a030693499c9561f68789c459f42cd137ae1889ed2e35181ad9e32bf3edc752f3177a7e856dd42b694d9ccbc2c99f1f58edb58b3f4501425167d9bd329cfc95f50905f21c0dbbe679fed89058ed98e56aa22f4c8a030c84b063388bebf26176ff5c1b157e4e1d2b7b1930d450723dcaef990d365356fcf01e01e73a63b382f6830bc7e55c785ee181ad61190a8195e24dc6c0f10ecf87f610dd7be9c6da6a89ade4f7862497ad4cf65d4bdab96ce31b65cf992929593178cdbf07189c78dacadb7ea9071f7798448e89459fdd016f33a5405a79f1744bfda77ae0fe32fa1682e6545c60707b79441fcdefb94779f4bd51ee2fcd47fa6bf83a51c002e66f1ce34cde24f94388896c33556a64d994280225b5ae26aa347fc1e43d424b11f1bdfa1a35af058c89e09c7480a4826304a4a9947dff974fa0774f46b36e089c7747b9620eb78938adb0c4a039ef0f9bdd9a3529c6b51d6aa60ffc6a77e95a42cd4de24c22a19ecd4ccd309318a4244725fb5f752eb2431d7ef338c0677272b51f24c0c2354d0c8b20503078ae470599ff5791f35280148ee1d45e05bbe0d7fef5de35f87f4f7c706ae7a063d8642a14cb1ea3f590fdf686f720d804a8d15bd85ee26cf03caa9b06cd465b3d092550075b65c14fef9183411943dc316a1c6a1180b6d1c6eed980f2a47b64784c0b455e21e7d6f97ba2cb9dd8d78dd91441fd4582824c3840e34039b333e39ce2da00aad8a2a42f8b9bcc49c94702aba233e15d8a87016165e611d98284be3be8aac4750fb02cd9013152a2826cd86b81cebfe9b16fb31616c11f0c3a330e330fe4e5c80340d2f99632cf5efefc959119039a35de9a25a12fda957b0e7e61c17ddf141c370433528d370aae4fe67a899aef99456943895ccc35fa77793d197a1c153733c889507b89c3f4ad57d6d1156e8d7692934882c5814ea9ac2c0a94907357915cf6b0505215ed1a69a5f89ca5f5beefbe9bdeec1604dffa5a41255ec956d14172f6990eecb68f56345def0e3c7546ec42be38cec53d21ec3e80658feb011409fac0db1c145d421bf97ab34c7fa9aca28cf811730b1329b09895afbf5d338950ae2acb3b81b65ffd33566371c6f7c3ed2b602950ea69376584065282baa8608bf84622f',X'30820122300d06092a864886f70d01010105000382010f003082010a0282010100a7cea431c2b78870d40210d4df8e19a3eccfeb9d602f606a075ec0e8ccd3049bc61382afdd2662f1d090790e591e2de18fc841dee8ab21a839c9f9cddddcf93dea2386c2344ee83ff78111929367a6a3acc41aa2ccd163400c66bbaba5f6940be08d209d8ac825b8b9b0d4eb7eb0fa26907c4f71372d4f6c2b5bf82dfc86d34363fbb48ebdf8163f7cf2302903217205793688c4827b22d3ccdaaf2451a5440050f03079ab7e618f4bd610db696b3a2a6e3e57317f5f0aa4c8092415f6b68c2033f16a29e74997bca23c6a1122d4a7d7b96a85e554ec44e6d1a7cf356233c0ceaf8ae3c52d49e5b775ba73b781eb24d029ce1271012926878ecf88cc505273b90203010001',1795259743068,0,0);
INSERT INTO signing_keys VALUES('us-east-1_OXZjBnpoi','5AaJoapnc/EnTM3tkT4vUCIrlM8jVe9pp4gtf5dsF8k=','access',X'9c8dbf7453627407cf42250fc161db9414c56a0ddf973b2bc95ead0c296d657e1b74c2fb94127ff825f51d7a961c387bd65c637789882163f3f4cfe14d6637e3221aca7a453365095aa929cf26b7b3d27fb41c14aa798a3b66c7fa388077e213150b9ee475ab8c99508ae3bdf99a2c43f24140ff6a44657d54cb1a563bc684a6b81e9722fb19dabda78711fd445fa318a5a71b03e61707e9d6b0c81ff8019be6b0b39a89e29f23de354e2331ba220216c61835dfe48e419a7bf6271d125c56690b05929752537e9f19c7132b3c482243836b90eb19a045f9059a93e00c7a87793ba7e077d1ee154edf70e09de9284fddd9d4f005fc53fca8f60822a8f8355e32559a8c7e284dc38d589ca8c1f413b91cb948e7536ae4f941663a6cdc19b33ec619232aab6cb44a2034e25183b34bf999b112c895bad8980e045b5b1c2fe859f13bbcc0b8c90b90a80bf172389c727fcecd1692d088629df58a0b7911a22070dad148030c3fd189f99eb43bb9c8b808ec17a3df96cbdc26dc6bd9c359ca1a99dab8529a5efa6adc231514a2bed5dd33416b3b718b384355af395fc83170824be8bbd408d7447d23ab239880c708ca01ea388d34cdb99204bded383625d0d359623bdbd1f073fe907a334dc1caafac33395255f2c8297d7aaf9a889f1f5ff14f25a5ad0f70ddbcf2800c1b77e703787e21a3679c8b8caf0f0c13bf51ed55614ade8031f56a9d6e4d08bf1c8c9226fd5190b0543bb086b983441e0ec5107c05ed86c5b3fd42599f8ed2ae0517ad31125a6bcb687c4e2b942d084c93aa346100cde1b69ca0d566058438c8aa2426f1c1f40919a5fa9f1d4c90829c1cf24f2a777aa931f885cf95be0cf5dcc4cc893509c4ab26bdebea59f9ab8d5b44e093a9611c50118073f378bb8b9c4f36e326035482e2cd118d2dfceb1fda6b261da5a11b1bbb56ab6c5ee927be86528a7a8b0ee3432743e0e092da128024d48ca4ce9ed29b781d1724c87a2e9ab35e0d36ce40b6d723b624e41c66a1a98aa87422cb98807698311d34c6347a78f6e4ea4d80a31e12fac2cec5dcbcd490ebf87e063e465211052be2c9753cb8fd70140283bd93286b7d43e6cb4f6347c93e83b4762d7670f0f6c09d7d326bfc8ea75865f006e0d57d6bea8482a2d6ae3dc7c9cd199c68dc472a433ccfa9d811d11d362de1356f35e024b79a800039e37c7096e58fffb803eaf0f3ec623ff95c4aa5e6e0d3d0f4ece8e4b8053fb6b69903f38eeec46e7dc1af12ff0718492b80b55501be59ab809bbd5b33e5a9602a3f0be9cfd7f1f347c57d46a837d649f427170583ab95f1b0afda8167f02b6209c237c3fb8cc7c5ec08876bdfb89bfc71d45005dcbab9e03b06e4c354c0cf9edaeebfab7d1d4c950dd0041fee39c375db40b9c73fe090c5035681f5a1fce8115ec35d891defcb608a436d30791897f5ec6ddf94e17fbcecb24ee7ada3de7e5ae14b5373c24172308e2ce2d08468c3458af4dbbd877cb795b720ee703c48bba4faf017a1c69e26a1120f8f6f604f37a93f1639dc844b7f63d5c36d45469768dd7280ed088292ccfa43111e57c518519b47228be397a2072ea39e1dc21ce1461ce59121b99a091213cd1cbe8ae004539274fa259006e5cfa4a75558676b824e0a71a8716a34af6b07400f9feafd24e7f41f64a1503d31e2c3a19151435041581aba60c0879e053a42d2d14c395a82c86c95f3356f91a8d485296fb1409bde19547ba31361b20a5651e83e5b621b9f',X'30820122300d06092a864886f70d01010105000382010f003082010a0282010100c12ab7ae3b3cfc321a59501818a5f6eced3ae7dd5bd02ed680d956080e43309c6d817234e9976ac6cadbcc545ce2c5c9302cfb4c1f96731721809cc6b68e29a60e4f0314da3cf3dd66e8f8739a327cbf32526063b7c11c25e6beacda4e7c4d1479b174bc74649731888620315c3c72d39068dc7cceef8d456b53d93998c5e3b016a306912895727d660ce264684b5bd2fdfb3cb1375896be3921e82f379c6f44e1aae6d26f2971c27ef28677f9fd94bb2b91020ba21b642b9ff14cbb82ff7e208052214cda7dc81aad656307e0d8c9013d47ac89fa87d4594a9afd3a14bceba04e4041021e06421bac54f8eb66852ef130f81e9103a7a2f7d569513fda7d371d0203010001',1795259743068,0,0);
CREATE TABLE clients (
	pool_id     TEXT NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	id          TEXT NOT NULL,
	name        TEXT NOT NULL,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	version     BIGINT NOT NULL,
	doc         TEXT NOT NULL,
	PRIMARY KEY (pool_id, id)
);
INSERT INTO clients VALUES('us-east-1_OXZjBnpoi','6rrq2m1in8zpuksit2lod4jfcp','reliability',1795259743098,1795259743098,1,'{"AllowedOAuthFlowsUserPoolClient":false,"AuthSessionValidity":3,"EnablePropagateAdditionalUserContextData":false,"EnableTokenRevocation":true,"ExplicitAuthFlows":["ALLOW_USER_PASSWORD_AUTH","ALLOW_USER_SRP_AUTH","ALLOW_REFRESH_TOKEN_AUTH"],"RefreshTokenValidity":3650,"TokenValidityUnits":{}}');
INSERT INTO clients VALUES('us-east-1_OXZjBnpoi','61nyo5js94an3y7mtg43ocymw6','site',1795259743140,1795259743140,1,'{"AllowedOAuthFlows":["code"],"AllowedOAuthFlowsUserPoolClient":true,"AllowedOAuthScopes":["openid","shop/read"],"AuthSessionValidity":3,"CallbackURLs":["https://app.example.com/callback"],"EnablePropagateAdditionalUserContextData":false,"EnableTokenRevocation":true,"ExplicitAuthFlows":["ALLOW_USER_PASSWORD_AUTH","ALLOW_REFRESH_TOKEN_AUTH"],"RefreshTokenValidity":3650,"SupportedIdentityProviders":["COGNITO","acme"],"TokenValidityUnits":{}}');
CREATE TABLE client_pools (
	client_id TEXT NOT NULL PRIMARY KEY,
	pool_id   TEXT NOT NULL,
	FOREIGN KEY (pool_id, client_id) REFERENCES clients (pool_id, id) ON DELETE CASCADE
);
INSERT INTO client_pools VALUES('6rrq2m1in8zpuksit2lod4jfcp','us-east-1_OXZjBnpoi');
INSERT INTO client_pools VALUES('61nyo5js94an3y7mtg43ocymw6','us-east-1_OXZjBnpoi');
CREATE TABLE client_secrets (
	pool_id    TEXT NOT NULL,
	client_id  TEXT NOT NULL,
	id         TEXT NOT NULL,
	secret     BYTEA NOT NULL,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (pool_id, client_id, id),
	FOREIGN KEY (pool_id, client_id) REFERENCES clients (pool_id, id) ON DELETE CASCADE
);
INSERT INTO client_secrets VALUES('us-east-1_OXZjBnpoi','61nyo5js94an3y7mtg43ocymw6','61nyo5js94an3y7mtg43ocymw6--1795259743140',X'9c8dbf748e4daa1c9267d35e2c21af8ca172f0c80bc751e8235d4285cc465f7e2137bfd7cfcd78eaca5c1ae754f808c6b0e1fdd7430b0a8f2b92e915cf4987629a8ae7b45291b3f077bbd2822695a00f98038f',1795259743140);
CREATE TABLE users (
	pool_id            TEXT NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	sub                TEXT NOT NULL,
	username           TEXT NOT NULL,
	status             TEXT NOT NULL,
	enabled            BOOLEAN NOT NULL,
	created_ms         BIGINT NOT NULL,
	modified_ms        BIGINT NOT NULL,
	version            BIGINT NOT NULL,
	email              TEXT,
	phone_number       TEXT,
	name               TEXT,
	given_name         TEXT,
	family_name        TEXT,
	preferred_username TEXT,
	password           BYTEA,
	doc                TEXT NOT NULL,
	PRIMARY KEY (pool_id, sub)
);
INSERT INTO users VALUES('us-east-1_OXZjBnpoi','d3c7b6b6-ba32-7000-ac71-a3ea6cb29832','ana','CONFIRMED',1,1795259743144,1795259743194,6,'ana@example.com',NULL,NULL,NULL,NULL,NULL,X'9c8dbf7488b8e5a688b834d4964ab0dab5cdd2a52a1386502406d5d18c63765a0f92e9caafb35ee522c01af2969044bbd3bdd2b45f7290b212eb13411ea12423014703555c3283b57ec4cbfcaa4bc836dbb46f06f37bd8bb9bf6e0b1ae3b43c7073d20088d66950037b1309fb4ba4fa962b247b8074afbeb41cfff55fb8ae05d1d5bf4be8ffe3b9a1325fe049da64d44b1187c4e51864f23ef4ede70f4650b978c27e8837c1024d7fe8aed79db7f5e07e64c60267193ca01866febe4cabc68618548a8e35b5b7d6f02f02d7bb21fbb03a8a682457e6317a762eaf4f65a6916311a37a0db7d1d96650ea78ff348420b60ab1086f0d6cb2ef5a47452e18b52ea38ad508ffb822295976bae50b574a64ed266efc97c97b6d2a4b678bfd6d0e344d5902755bba211c1f32c3238801cd874c27f292a660aeea227767218ca24af18a8b31441457fbcc0edd9a8e95941644d497810dc945c97db853f23f3f9b806205c657f213d0bb4718e53d22958d6861608d20af40a214b6254552d1092bd78fe92b2fb98666e96aef38b65809c89dff5f9053b15fe93a2b520fef58914d0bd01a22f8c942b825a9268c1bd5894f63f8b50db','{"a":[["email","ana@example.com"],["email_verified","true"],["custom:team","Zoë \u0026 Co"],["identities","[{\"userId\":\"acme-7\",\"providerName\":\"acme\",\"providerType\":\"OIDC\",\"issuer\":null,\"primary\":false,\"dateCreated\":1795259743194}]"]]}');
INSERT INTO users VALUES('us-east-1_OXZjBnpoi','4707ef18-fb8a-7090-062b-69d421622028','ben','CONFIRMED',1,1795259743147,1795259743209,7,'ben@example.com',NULL,NULL,NULL,NULL,NULL,X'9c8dbf742d752ad2942fa09c51997eab0808d3da215c6f97cce4a2b7d32fc43d670551356666aa070c7d042e366c5e9fd6919580a0a2738a46ff39f87a63fbc72b94c59bb65a46f9649d32f8f5372002989a89ddcd9ea3a279383cd0d29effe6a8cb297c1e1c48569e695802192ca17cb311311a5e73c4af322837b8e955458c4e7fcc2ce69c1cf350f63c37087d2cb868e06f7d51172b336e1af24c945f804ae0309e869a95de9cab5024154d4874d02d2ff208c007dd917d3c694efd629e77abf1973f6da01ac0a5c91098b81ccedac0b118bb83bcce38cc23c985d92407321557e9675416e48cae9cade22f5e23b224bd547b8b398dc9a23ce199585324ef092882c846f13db043de603fa7e2aae00fe74edd4c5c1ba3a8bf81e7a85a7bf2a55bb9538ba465a0390392d295a4abef0c8d918cf392358c051837a789df91179132fd348a4d4966a5dc8a7bd76338010b9e777fa8c4fd5185069fd09d1cbcf8124a9857177388b64b9635965b9420ed5cd27e061a2ec8b4f2655cdecaf1a830e63b70dc5e0b9f644117d84a5ecf10b6afa55f06d46d01337edf3f5b93d2dc50bde9c73456221db0306f736a3a5580ec1d','{"a":[["email","ben@example.com"],["email_verified","true"],["custom:team","Zoë \u0026 Co"]],"m":{"EnabledFactors":["SOFTWARE_TOKEN_MFA"],"Preferred":"SOFTWARE_TOKEN_MFA","SoftwareToken":true}}');
INSERT INTO users VALUES('us-east-1_OXZjBnpoi','aae3687c-9a34-70ed-e1fc-d024a1c756d7','cleo','CONFIRMED',1,1795259743182,1795259743185,3,'cleo@example.com',NULL,NULL,NULL,NULL,NULL,X'9c8dbf740c7cfe9035b97908a9cb066780fe84fdfd6ef892d3755e915d35b67cbdfa1df8e58e8cd9c91f9244c002abfbb8e854a63c1163434156f79224a5eb5f5f8b87728687c9509574e5f1785b36a22b57a781fbdb5618947983ddee11501f188988b8bad93c82e586168d88055e7bc7965770a69a6bc3cba22c9656979cf1b4db14343e9616893d15061a38614561eae88f0a3ebf5915648f9352109bb905853bc6444d861859111b5858faeb6f12c0609d9bc021f6786f5e1cfbf237397e2d9a67fd6cb3758c4e22f0cbc78129d54d0208ece91bdca5b33b3ea8e45d6c72d6cabbfdc5e8ba094f90e36970b4505a3071d178b432be54c5ab7876e88e2d2ffd6933b4d98dc7d79faa03364c5ad970105c30f6dad2682a7eee219d6d41425fd4fc94baf4fa3391ee121aa421f3b5eb2d7ec30be33e29dbe589780d854c4b48395c3354921e576c05ebb91bee0a3f0a35408779dc7007276ae6c98b439f0ec9299f1ef5018235b14c789391ebaa425b3d9a22da949b4b2010db478aac8384e22f38a802c21fa432e791af0e8eb4f5ac4b2aab7684af2ec1075a054da562d938f90bc792c374d87eb63c2b08bbc2010750','{"a":[["email","cleo@example.com"],["email_verified","true"],["custom:team","Zoë \u0026 Co"]]}');
INSERT INTO users VALUES('us-east-1_OXZjBnpoi','3fc27228-588f-701f-2c38-b32226aac15e','eve','FORCE_CHANGE_PASSWORD',1,1795259743186,1795259743186,1,'eve@example.com',NULL,NULL,NULL,NULL,NULL,X'9c8dbf74d8757e05f5f225fe06f68dfe776707d44f72f13cc36f972020043a4b90162099517c5beeda49553d4b03d545bb09fc51fdffb1ed8cf16d7ef4c5e372a7b81fcbe6721755fd28a7c594eaae104e369355970ea306865ce8777e1490b15a1049d6ea885d39a82d10221e8c09144e57ce33643fc8d872b31a9cfc9b59446b6eee2f61341d6feb9855c4ce246edfe35f3e74e920a744ed156af2f4f53a86a258994f76097de514f7532866e9170d8a534d01d5d4e6813e77dbddc8c868be961a9164d8bff1f763ad7d563c79ebe852c3c8954b0dcca26608a272f7baf5668eaff1de5e3d612b4f77da57384dbdefc8a5d27a2d7f0138e93499c80e7b99527be36917e8c9a7acd9e178f21a254e8cecb3c541529977066cb367286f7c340a3a96e796b210eb76fa830a41a9f0c1151d6c53ba683d78255c416c8aa7f5795b36d11a187c5c8854927ed685a5ced98661d00dfd9193f27164c931ac0d95e6e37f5f3b47d88df7588aaccad0c9f17604c7f8b65c2172438ae40bbfa822192569d6637b752de226c4deb7c5f4155882f5ef0202afd4dea03df41074404f9df647f6e4bb9687d0d727c24d118b184c2ec254','{"a":[["email","eve@example.com"],["email_verified","true"],["custom:team","Zoë \u0026 Co"]],"t":1795864543186}');
CREATE TABLE user_names (
	pool_id TEXT NOT NULL,
	name    TEXT NOT NULL,
	kind    TEXT NOT NULL,
	sub     TEXT NOT NULL,
	PRIMARY KEY (pool_id, name),
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);
INSERT INTO user_names VALUES('us-east-1_OXZjBnpoi','ana','username','d3c7b6b6-ba32-7000-ac71-a3ea6cb29832');
INSERT INTO user_names VALUES('us-east-1_OXZjBnpoi','ana@example.com','email','d3c7b6b6-ba32-7000-ac71-a3ea6cb29832');
INSERT INTO user_names VALUES('us-east-1_OXZjBnpoi','ben','username','4707ef18-fb8a-7090-062b-69d421622028');
INSERT INTO user_names VALUES('us-east-1_OXZjBnpoi','ben@example.com','email','4707ef18-fb8a-7090-062b-69d421622028');
INSERT INTO user_names VALUES('us-east-1_OXZjBnpoi','cleo','username','aae3687c-9a34-70ed-e1fc-d024a1c756d7');
INSERT INTO user_names VALUES('us-east-1_OXZjBnpoi','cleo@example.com','email','aae3687c-9a34-70ed-e1fc-d024a1c756d7');
INSERT INTO user_names VALUES('us-east-1_OXZjBnpoi','eve','username','3fc27228-588f-701f-2c38-b32226aac15e');
INSERT INTO user_names VALUES('us-east-1_OXZjBnpoi','eve@example.com','email','3fc27228-588f-701f-2c38-b32226aac15e');
CREATE TABLE password_history (
	pool_id    TEXT NOT NULL,
	sub        TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	id         TEXT NOT NULL,
	password   BYTEA NOT NULL,
	PRIMARY KEY (pool_id, sub, created_ms, id),
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);
CREATE TABLE groups (
	pool_id     TEXT NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	name        TEXT NOT NULL,
	precedence  BIGINT,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	doc         TEXT NOT NULL,
	PRIMARY KEY (pool_id, name)
);
INSERT INTO "groups" VALUES('us-east-1_OXZjBnpoi','admins',3,1795259743191,1795259743191,'{"Precedence":3,"RoleArn":"arn:aws:iam::123456789012:role/users"}');
CREATE TABLE memberships (
	pool_id    TEXT NOT NULL,
	group_name TEXT NOT NULL,
	sub        TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (pool_id, group_name, sub),
	FOREIGN KEY (pool_id, group_name) REFERENCES groups (pool_id, name) ON DELETE CASCADE,
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);
INSERT INTO memberships VALUES('us-east-1_OXZjBnpoi','admins','d3c7b6b6-ba32-7000-ac71-a3ea6cb29832',1795259743192);
CREATE TABLE attempts (
	pool_id  TEXT NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	subject  TEXT NOT NULL,
	kind     TEXT NOT NULL,
	count    BIGINT NOT NULL,
	first_ms BIGINT NOT NULL,
	last_ms  BIGINT NOT NULL,
	PRIMARY KEY (pool_id, subject, kind)
);
CREATE TABLE tickets (
	pool_id    TEXT NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	kind       TEXT NOT NULL,
	id         TEXT NOT NULL,
	doc        BYTEA,
	expires_ms BIGINT NOT NULL,
	PRIMARY KEY (pool_id, kind, id)
);
CREATE TABLE families (
	pool_id    TEXT NOT NULL,
	id         TEXT NOT NULL,
	sub        TEXT NOT NULL,
	client_id  TEXT NOT NULL,
	event_id   TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	auth_ms    BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL,
	revoked_ms BIGINT NOT NULL,
	doc        TEXT NOT NULL, device_key TEXT NOT NULL DEFAULT '', sso_id TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (pool_id, id),
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);
INSERT INTO families VALUES('us-east-1_OXZjBnpoi','4b7e2c5c-070c-4fc3-8212-88d6d45ff0dd','d3c7b6b6-ba32-7000-ac71-a3ea6cb29832','6rrq2m1in8zpuksit2lod4jfcp','4b698c95-d151-4893-80a5-dbbec7186e4d',1795259743195,1795259743195,2110619743195,0,'{"acr":"urn:cognito:loa:1","amr":["pwd"]}','us-east-1_3eefdb98-3db0-4290-a708-2d18a079795e','');
INSERT INTO families VALUES('us-east-1_OXZjBnpoi','3b7b805d-e9fe-44b1-afc7-7d775cf1f3b4','d3c7b6b6-ba32-7000-ac71-a3ea6cb29832','6rrq2m1in8zpuksit2lod4jfcp','2729e62e-3af3-4cac-a8ff-24b355f16e3f',1795259743198,1795259743198,2110619743198,1795259743201,'{"acr":"urn:cognito:loa:1","amr":["pwd"]}','us-east-1_028c4b79-73fe-4b6f-8ffd-1f83f8cde963','');
INSERT INTO families VALUES('us-east-1_OXZjBnpoi','0cc4d1b3-2d2e-44fa-9905-56c53e0f9459','4707ef18-fb8a-7090-062b-69d421622028','6rrq2m1in8zpuksit2lod4jfcp','732ed274-4b84-41bb-92be-02065d75fc11',1795259743203,1795259743203,2110619743203,0,'{"acr":"urn:cognito:loa:1","amr":["pwd"]}','us-east-1_03438529-0ee2-4248-875a-e06df69fdca6','');
INSERT INTO families VALUES('us-east-1_OXZjBnpoi','bd78311a-5d29-4515-9ff7-59ca5fa79836','aae3687c-9a34-70ed-e1fc-d024a1c756d7','6rrq2m1in8zpuksit2lod4jfcp','1c8d1526-518d-4955-8725-f7daa0a8d10c',1795259743210,1795259743210,2110619743210,0,'{"acr":"urn:cognito:loa:1","amr":["pwd"]}','us-east-1_b1d29b3d-eabb-49b3-b5bf-3a1d336c7a5d','');
INSERT INTO families VALUES('us-east-1_OXZjBnpoi','560cdc11-cf0a-4cb7-8e13-77910f61206a','d3c7b6b6-ba32-7000-ac71-a3ea6cb29832','61nyo5js94an3y7mtg43ocymw6','b13c54bd-99f1-463c-af4d-5af414471751',1795259743223,1795259743221,2110619743223,0,'{"acr":"urn:cognito:loa:1","amr":["pwd"],"oauth":true,"scopes":["openid"]}','','ssokrg7osv2f2ltrfwpoluvwbegt');
CREATE TABLE refresh_tokens (
	pool_id    TEXT NOT NULL,
	digest     BYTEA NOT NULL,
	family_id  TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	used_ms    BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL,
	PRIMARY KEY (pool_id, digest),
	FOREIGN KEY (pool_id, family_id) REFERENCES families (pool_id, id) ON DELETE CASCADE
);
INSERT INTO refresh_tokens VALUES('us-east-1_OXZjBnpoi',X'09b2db5b7d97033a78faef40528a938689a997159812e6f4e2a49b79c15b7169','4b7e2c5c-070c-4fc3-8212-88d6d45ff0dd',1795259743195,0,2110619743195);
INSERT INTO refresh_tokens VALUES('us-east-1_OXZjBnpoi',X'3090017634374078d2838e7434c584214d4b37be7037650636c01523133f1513','3b7b805d-e9fe-44b1-afc7-7d775cf1f3b4',1795259743198,0,2110619743198);
INSERT INTO refresh_tokens VALUES('us-east-1_OXZjBnpoi',X'2ee618bae4257f1dacd338cd044500510a26b449b044cd604985828dd1eabb1a','0cc4d1b3-2d2e-44fa-9905-56c53e0f9459',1795259743203,0,2110619743203);
INSERT INTO refresh_tokens VALUES('us-east-1_OXZjBnpoi',X'a29b4a01d035b90af2a323fcf712677e31b622def808ec7d0f9265d7d7b5e26a','bd78311a-5d29-4515-9ff7-59ca5fa79836',1795259743210,0,2110619743210);
INSERT INTO refresh_tokens VALUES('us-east-1_OXZjBnpoi',X'72e98854b9084ce44ab150e50bb43013ce0600b386ed2acf1213cbc6bd835921','560cdc11-cf0a-4cb7-8e13-77910f61206a',1795259743223,0,2110619743223);
CREATE TABLE outbox (
	pool_id     TEXT NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	id          TEXT NOT NULL,
	medium      TEXT NOT NULL,
	destination TEXT NOT NULL,
	body        BYTEA NOT NULL,
	attempts    BIGINT NOT NULL,
	next_ms     BIGINT NOT NULL,
	lease_ms    BIGINT NOT NULL,
	created_ms  BIGINT NOT NULL,
	PRIMARY KEY (pool_id, id)
);
CREATE TABLE access_keys (
	id         TEXT NOT NULL PRIMARY KEY,
	root       BOOLEAN NOT NULL,
	secret     BYTEA NOT NULL,
	created_ms BIGINT NOT NULL
);
CREATE TABLE totp (
	pool_id    TEXT NOT NULL,
	sub        TEXT NOT NULL,
	secret     BYTEA NOT NULL,
	name       TEXT NOT NULL,
	last_step  BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (pool_id, sub),
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);
INSERT INTO totp VALUES('us-east-1_OXZjBnpoi','4707ef18-fb8a-7090-062b-69d421622028',X'9c8dbf74089f87e82df2abfc87573e9f200d7a76212830e3ebed07f3b0be1c66ea88becfca7909325afdb4fe98c868c33cef9dead1a406a8fe2bbc208b734828','',59841990,1795259743208);
CREATE TABLE devices (
	pool_id          TEXT NOT NULL,
	sub              TEXT NOT NULL,
	id               TEXT NOT NULL,
	name             TEXT NOT NULL,
	remembered       BOOLEAN NOT NULL,
	verifier         BYTEA NOT NULL,
	last_ip          TEXT NOT NULL,
	created_ms       BIGINT NOT NULL,
	modified_ms      BIGINT NOT NULL,
	authenticated_ms BIGINT NOT NULL,
	PRIMARY KEY (pool_id, sub, id),
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);
INSERT INTO devices VALUES('us-east-1_OXZjBnpoi','aae3687c-9a34-70ed-e1fc-d024a1c756d7','us-east-1_b1d29b3d-eabb-49b3-b5bf-3a1d336c7a5d','Cleo''s phone',1,X'9c8dbf74f012cb6045507be4618b518bd6dddb645b3e4e63646993c0a20d0a9ed90df439a206e02babf6d92b48b01684cac55a5dc44aea469663d330b060c287f6a8fd36e94ca9892d16e86028f25bb24660650dc2037512495d62a381c3badd6dec0fa5e78cf2b7e7c2660d589340221ab45a708e7337f33d5e0f33f188fdec9faecd52461d62e422f979786d58f15fc2f79a19a525908ad01af88c06f180f384f1ad062d8a501b35af1a278ec50ee47fa1a23aca2c206a05477d1992d8456b4136d25c9ab7dad2e605618acd823ba3d639114ad1db67626c96eaddaa66b802edbe71194e49ad5b26bda1fd9ad84294308c5615b70ffc8c403c9067e5471199d2497f0cf3c683475426e550a0a1b5d7faca17b141cd9cc9ebe1b799253ebf8ebfeffab9882c56d2a1421f4c971f4f11b062c18d3fc8413c8f43e6a6c9e2d0e7ad2d30f5275f5d6104dcd588c05633f58472c57f03fca739bd097a7186cf15ed98b54dcab145c697acc30ddba3db0cf8fa23633fee0b253cbae17bff1b5edb269e5d7634284b036a81c78b56ce3f970a8be83726a7657f50212fa46afff010f468c5668cc95afb81d59dc962692cfbfd17','127.0.0.1',1795259743214,1795259743216,1795259743000);
CREATE TABLE passkeys (
	pool_id    TEXT NOT NULL,
	id         TEXT NOT NULL,
	sub        TEXT NOT NULL,
	sign_count BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	doc        TEXT NOT NULL,
	PRIMARY KEY (pool_id, id),
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);
CREATE TABLE user_sessions (
	pool_id    TEXT NOT NULL,
	id         TEXT NOT NULL,
	family_id  TEXT NOT NULL,
	sub        TEXT NOT NULL,
	active_ms  BIGINT NOT NULL,
	last_ip    TEXT NOT NULL,
	device     TEXT NOT NULL,
	PRIMARY KEY (pool_id, id),
	FOREIGN KEY (pool_id, family_id) REFERENCES families (pool_id, id) ON DELETE CASCADE
);
CREATE TABLE auth_events (
	pool_id    TEXT NOT NULL,
	sub        TEXT NOT NULL,
	id         TEXT NOT NULL,
	created_ms BIGINT NOT NULL,
	doc        TEXT NOT NULL,
	PRIMARY KEY (pool_id, sub, id),
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);
CREATE TABLE function_secrets (
	id         TEXT NOT NULL PRIMARY KEY,
	secret     BYTEA NOT NULL,
	created_ms BIGINT NOT NULL,
	until_ms   BIGINT NOT NULL
);
CREATE TABLE domains (
	name        TEXT NOT NULL PRIMARY KEY,
	pool_id     TEXT NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	kind        TEXT NOT NULL,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	doc         TEXT NOT NULL
);
INSERT INTO domains VALUES('shop','us-east-1_OXZjBnpoi','prefix',1795259743141,1795259743141,'{"ManagedLoginVersion":2,"PagesSince":"2026-11-21T11:15:43.141Z"}');
CREATE TABLE resource_servers (
	pool_id     TEXT NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	identifier  TEXT NOT NULL,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	doc         TEXT NOT NULL,
	PRIMARY KEY (pool_id, identifier)
);
INSERT INTO resource_servers VALUES('us-east-1_OXZjBnpoi','shop',1795259743119,1795259743119,'{"Name":"shop","Scopes":[{"ScopeDescription":"read","ScopeName":"read"}]}');
CREATE TABLE assets (
	pool_id      TEXT NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	hash         TEXT NOT NULL,
	content_type TEXT NOT NULL,
	content      BYTEA NOT NULL,
	PRIMARY KEY (pool_id, hash)
);
CREATE TABLE asset_uses (
	pool_id   TEXT NOT NULL,
	hash      TEXT NOT NULL,
	owner     TEXT NOT NULL,
	client_id TEXT,
	PRIMARY KEY (pool_id, hash, owner),
	FOREIGN KEY (pool_id, hash) REFERENCES assets (pool_id, hash) ON DELETE CASCADE,
	FOREIGN KEY (pool_id, client_id) REFERENCES clients (pool_id, id) ON DELETE CASCADE
);
CREATE TABLE brandings (
	pool_id     TEXT NOT NULL,
	id          TEXT NOT NULL,
	client_id   TEXT NOT NULL,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	doc         TEXT NOT NULL,
	PRIMARY KEY (pool_id, id),
	FOREIGN KEY (pool_id, client_id) REFERENCES clients (pool_id, id) ON DELETE CASCADE
);
INSERT INTO brandings VALUES('us-east-1_OXZjBnpoi','e2958d1b-67e6-4e9b-aa1c-f1d6c32de195','61nyo5js94an3y7mtg43ocymw6',1795259743142,1795259743142,'{"Provided":true}');
CREATE TABLE customizations (
	pool_id     TEXT NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	owner       TEXT NOT NULL,
	client_id   TEXT,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	doc         TEXT NOT NULL,
	PRIMARY KEY (pool_id, owner),
	FOREIGN KEY (pool_id, client_id) REFERENCES clients (pool_id, id) ON DELETE CASCADE
);
CREATE TABLE terms (
	pool_id     TEXT NOT NULL,
	id          TEXT NOT NULL,
	client_id   TEXT NOT NULL,
	name        TEXT NOT NULL,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	doc         TEXT NOT NULL,
	PRIMARY KEY (pool_id, id),
	FOREIGN KEY (pool_id, client_id) REFERENCES clients (pool_id, id) ON DELETE CASCADE
);
CREATE TABLE sso_sessions (
	pool_id    TEXT NOT NULL,
	id         TEXT NOT NULL,
	digest     BYTEA NOT NULL,
	sub        TEXT NOT NULL,
	client_id  TEXT NOT NULL,
	provider   TEXT NOT NULL,
	factors    TEXT NOT NULL,
	event_id   TEXT NOT NULL,
	auth_ms    BIGINT NOT NULL,
	created_ms BIGINT NOT NULL,
	active_ms  BIGINT NOT NULL,
	expires_ms BIGINT NOT NULL,
	last_ip    TEXT NOT NULL,
	device     TEXT NOT NULL, upstream TEXT NOT NULL DEFAULT '', level BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (pool_id, id),
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);
INSERT INTO sso_sessions VALUES('us-east-1_OXZjBnpoi','ssokrg7osv2f2ltrfwpoluvwbegt',X'6e07b6afaf49d90025b3909bee58747c274339adb555bb72c23ac8aab6961915','d3c7b6b6-ba32-7000-ac71-a3ea6cb29832','61nyo5js94an3y7mtg43ocymw6','COGNITO','pwd','',1795259743221,1795259743221,1795259743222,1795263343221,'127.0.0.1','Go-http-client 1','',0);
CREATE TABLE identity_providers (
	pool_id     TEXT NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	name        TEXT NOT NULL,
	type        TEXT NOT NULL,
	created_ms  BIGINT NOT NULL,
	modified_ms BIGINT NOT NULL,
	version     BIGINT NOT NULL,
	doc         BYTEA NOT NULL,
	PRIMARY KEY (pool_id, name)
);
INSERT INTO identity_providers VALUES('us-east-1_OXZjBnpoi','acme','OIDC',1795259743137,1795259743137,1,X'9c8dbf740cc168adf5ee84f73c9d99fe38295540cf832fa5e7b6fed4910eed8341e8aceff25e436d3b33c4955e8d374e97b33e5a6473295af169e07065b7fe6933c1f98fde49692fbe8bbf97c476b4620f956b0182ed37c48a7375e0899efae05ccfb6ba703e46e2dee6784cb0d46627d0970b5bbc55512762b66b4b677207a8cf86d0ca5f66ef2f24ae6c636b70ac76bedd7b598999d422400181c6ad966831e8df048c022d4b11ec58cace172e4c89542b58ec4de5b1d60633e047a04839e5019431af6f3f66f9dbb4763f583ba4f1f0c051e35d2eba21448a67d0836128eacb2eb8d9e8a3f4b277b05d58242a2605a798a2ce6f7218e6c7f314ae886bd8e17110edf7e62650d006218cd648278799cb22f2e806dba5fcf601a3ca91cdb17d469f5ada858230d6cdfd3550525953c79ea30482786d29e0d4e46787cfded0099b56519c88abd2ef147aa192f458e1bdd1669d3d6f21d6160514b1f49aa9bc2544d63a484d40f6023e523e6df216747808bf025348c25ec97f46db3b2166309b5958e4650a73a94f0b41e7172e3089a9095dcc50adb2e64b74f86dfe78cc71e5e28fccf375e0be34dcd62d5ca7bd211527be7c22f6833f9293387055647bbf050c85b94fb486b72b9f18e4e978cad21eee8fc65a75fd2de01304a9ea91d87cf74a9be0a412772100cf');
CREATE TABLE provider_identifiers (
	pool_id    TEXT NOT NULL,
	identifier TEXT NOT NULL,
	name       TEXT NOT NULL,
	PRIMARY KEY (pool_id, identifier),
	FOREIGN KEY (pool_id, name) REFERENCES identity_providers (pool_id, name) ON DELETE CASCADE
);
CREATE TABLE provider_metadata (
	pool_id    TEXT NOT NULL,
	name       TEXT NOT NULL,
	document   TEXT NOT NULL,
	fetched_ms BIGINT NOT NULL,
	next_ms    BIGINT NOT NULL,
	until_ms   BIGINT NOT NULL,
	PRIMARY KEY (pool_id, name),
	FOREIGN KEY (pool_id, name) REFERENCES identity_providers (pool_id, name) ON DELETE CASCADE
);
CREATE TABLE user_identities (
	pool_id    TEXT NOT NULL,
	provider   TEXT NOT NULL,
	attribute  TEXT NOT NULL,
	value      TEXT NOT NULL,
	sub        TEXT NOT NULL,
	own        BOOLEAN NOT NULL,
	created_ms BIGINT NOT NULL,
	PRIMARY KEY (pool_id, provider, attribute, value),
	FOREIGN KEY (pool_id, sub) REFERENCES users (pool_id, sub) ON DELETE CASCADE
);
INSERT INTO user_identities VALUES('us-east-1_OXZjBnpoi','acme','Cognito_Subject','acme-7','d3c7b6b6-ba32-7000-ac71-a3ea6cb29832',0,1795259743194);
CREATE TABLE pool_certificates (
	pool_id     TEXT NOT NULL REFERENCES pools (id) ON DELETE CASCADE,
	purpose     TEXT NOT NULL,
	private     BYTEA NOT NULL,
	certificate BYTEA NOT NULL,
	created_ms  BIGINT NOT NULL,
	PRIMARY KEY (pool_id, purpose)
);
CREATE TABLE acme_entries (
	name        TEXT NOT NULL PRIMARY KEY,
	data        BYTEA NOT NULL,
	modified_ms BIGINT NOT NULL
);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('goose_db_version',14);
CREATE INDEX pools_by_region ON pools (region, id);
CREATE INDEX client_pools_by_pool ON client_pools (pool_id, client_id);
CREATE INDEX users_by_created ON users (pool_id, created_ms, sub);
CREATE INDEX users_by_username ON users (pool_id, username, sub);
CREATE INDEX users_by_status ON users (pool_id, status, created_ms, sub);
CREATE INDEX users_disabled ON users (pool_id, created_ms, sub) WHERE NOT enabled;
CREATE INDEX users_by_email ON users (pool_id, email, sub) WHERE email IS NOT NULL;
CREATE INDEX users_by_phone_number ON users (pool_id, phone_number, sub) WHERE phone_number IS NOT NULL;
CREATE INDEX users_by_name ON users (pool_id, name, sub) WHERE name IS NOT NULL;
CREATE INDEX users_by_given_name ON users (pool_id, given_name, sub) WHERE given_name IS NOT NULL;
CREATE INDEX users_by_family_name ON users (pool_id, family_name, sub) WHERE family_name IS NOT NULL;
CREATE INDEX users_by_preferred_username ON users (pool_id, preferred_username, sub) WHERE preferred_username IS NOT NULL;
CREATE INDEX user_names_by_user ON user_names (pool_id, sub, name);
CREATE INDEX memberships_by_user ON memberships (pool_id, sub, group_name);
CREATE INDEX attempts_by_age ON attempts (last_ms);
CREATE INDEX tickets_by_expiry ON tickets (expires_ms);
CREATE INDEX families_by_user ON families (pool_id, sub);
CREATE INDEX families_by_expiry ON families (expires_ms);
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (pool_id, family_id);
CREATE INDEX refresh_tokens_by_expiry ON refresh_tokens (expires_ms);
CREATE INDEX outbox_by_next ON outbox (medium, next_ms);
CREATE INDEX outbox_by_age ON outbox (created_ms);
CREATE INDEX passkeys_by_user ON passkeys (pool_id, sub, created_ms, id);
CREATE UNIQUE INDEX user_sessions_by_family ON user_sessions (pool_id, family_id);
CREATE INDEX user_sessions_by_user ON user_sessions (pool_id, sub, active_ms, id);
CREATE INDEX auth_events_by_user ON auth_events (pool_id, sub, created_ms, id);
CREATE INDEX auth_events_by_age ON auth_events (created_ms);
CREATE UNIQUE INDEX domains_by_pool ON domains (pool_id, kind);
CREATE INDEX asset_uses_by_owner ON asset_uses (pool_id, owner);
CREATE INDEX asset_uses_by_client ON asset_uses (pool_id, client_id);
CREATE UNIQUE INDEX brandings_by_client ON brandings (pool_id, client_id);
CREATE INDEX customizations_by_client ON customizations (pool_id, client_id);
CREATE UNIQUE INDEX terms_by_client ON terms (pool_id, client_id, name);
CREATE UNIQUE INDEX sso_sessions_by_digest ON sso_sessions (pool_id, digest);
CREATE INDEX sso_sessions_by_user ON sso_sessions (pool_id, sub);
CREATE INDEX sso_sessions_by_expiry ON sso_sessions (expires_ms);
CREATE INDEX signing_keys_by_end ON signing_keys (until_ms);
CREATE INDEX provider_identifiers_by_name ON provider_identifiers (pool_id, name);
CREATE INDEX user_identities_by_user ON user_identities (pool_id, sub);
COMMIT;
