<?php
// The configuration of SimpleSAMLphp in tests. What differs from test to test is
// in settings.json beside it.
$settings = json_decode(file_get_contents(__DIR__ . '/settings.json'), true);
$config = [
    'baseurlpath' => $settings['url'] . '/',
    'certdir' => __DIR__ . '/',
    'loggingdir' => __DIR__ . '/',
    'datadir' => __DIR__ . '/',
    'tempdir' => __DIR__ . '/',
    'metadatadir' => __DIR__ . '/',
    'metadata.sources' => [['type' => 'flatfile']],
    'attributenamemapdir' => '/etc/simplesamlphp/attributemap/',
    'timezone' => 'UTC',
    'secretsalt' => 'salt for tests',
    'auth.adminpassword' => 'password for tests',
    'admin.checkforupdates' => false,
    'trusted.url.domains' => null,
    'logging.level' => SimpleSAML\Logger::NOTICE,
    'logging.handler' => 'errorlog',
    'enable.saml20-idp' => true,
    'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    'store.type' => 'phpsession',
    'session.cookie.secure' => false,
    'session.cookie.samesite' => 'Lax',
    'session.phpsession.savepath' => __DIR__ . '/',
    'language.available' => ['en'],
    'language.default' => 'en',
    'theme.use' => 'default',
];
